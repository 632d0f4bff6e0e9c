/** What is wrong in the world around the lock, in one sentence that says what to do. Never a bug of ours. */
export class Trouble extends Error {
  override readonly name = "Trouble";
}

/** Node's error code (ENOSPC …), if the error has one. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** The same error as Trouble if it is the environment's doing; anything else is thrown on as it is. */
export function troubleOf(error: unknown, where: string): Trouble {
  if (error instanceof Trouble) return error;
  const code = codeOf(error);
  switch (code) {
    case "ENOSPC":
    case "EDQUOT":
    case "EFBIG":
      return new Trouble(
        `the disk is full at ${where}: free some space and run it again; nothing committed is lost`,
      );
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return new Trouble(
        `no permission to write or read ${where}: change its permissions or use another folder`,
      );
    case "EIO":
      return new Trouble(`the disk failed at ${where}: copy the folder to another disk and run it there`);
    case undefined:
      throw error;
    default:
      return new Trouble(`${where} cannot be used (${code}): check the path and run it again`);
  }
}
