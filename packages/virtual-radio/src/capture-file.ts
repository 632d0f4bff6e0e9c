/**
 * A btsnoop file that grows with each packet. Every record goes to the system whole and at once, so that the file of a
 * program that is killed ends where a record ends. It keeps nothing in memory, and never waits for the disk itself: a
 * cut of power may cost the last records. One file is one controller's view.
 */
import { closeSync, openSync, writeSync } from "node:fs";
import { type HciPacket, snoopBytesMax, snoopHeader, snoopRecord } from "./snoop/file.ts";

export interface CaptureFile {
  /** Takes one packet; the sink of an adapter. */
  readonly capture: (packet: HciPacket) => void;
  /** Why nothing more is written; undefined while all is well. */
  readonly trouble: string | undefined;
  close(): void;
}

/**
 * Begins a file, in place of one of that name. Throws what Node throws when it cannot be made. Later failures (a full
 * disk) end the capture, never the visit: they are told by `trouble`.
 */
export function openCaptureFile(path: string): CaptureFile {
  // What was said over the air names locks and times: only the owner reads it.
  let file: number | undefined = openSync(path, "w", 0o600);
  let bytes = 0;
  let trouble: string | undefined;
  const end = (): void => {
    if (file !== undefined) closeSync(file);
    file = undefined;
  };
  const put = (record: Uint8Array): void => {
    if (file === undefined) return;
    if (bytes + record.length > snoopBytesMax) {
      trouble = `${path} has ${bytes} bytes; nothing more is captured`;
      end();
      return;
    }
    try {
      // A regular file takes it all in one call, or has no room.
      const written = writeSync(file, record);
      bytes += written;
      if (written === record.length) return;
      trouble = `the disk is full at ${path}; the capture ends in the middle of a packet`;
    } catch (error) {
      trouble = `${path} cannot be written (${(error as NodeJS.ErrnoException).code}); the capture ends here`;
    }
    end();
  };
  put(snoopHeader());
  return {
    capture: (packet) => put(snoopRecord(packet)),
    get trouble() {
      return trouble;
    },
    close: end,
  };
}
