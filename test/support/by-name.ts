// The acts of the property side as a test says them: doors and people by their names. It decides nothing.
import * as office from "@doorsync/authority";

type Named<W> = Omit<W, "door" | "person"> & { readonly door: string; readonly person: string };
type AtDoor<W> = Omit<W, "door"> & { readonly door: string };
type Wish<F extends (office: office.Office, wish: never) => unknown> = Parameters<F>[1];
type Filed<F extends (office: office.Office, mailbox: never, wish: never) => unknown> = Parameters<F>[2];
type Desk = office.Office;

async function entries(desk: Desk, names: { readonly door: string; readonly person: string }) {
  return {
    door: await office.findDoor(desk, names.door),
    person: await office.findPerson(desk, names.person),
  };
}

export async function assign(
  desk: Desk,
  wish: Named<Wish<typeof office.assign>>,
): ReturnType<typeof office.assign> {
  return await office.assign(desk, { ...wish, ...(await entries(desk, wish)) });
}

export async function revoke(
  desk: Desk,
  wish: { readonly door: string | undefined; readonly person: string },
): ReturnType<typeof office.revoke> {
  const person = await office.findPerson(desk, wish.person);
  const door = wish.door === undefined ? undefined : await office.findDoor(desk, wish.door);
  return await office.revoke(desk, { door, person });
}

export async function issue(
  desk: Desk,
  mailbox: office.MailboxFolder,
  wish: AtDoor<Filed<typeof office.issue>>,
): ReturnType<typeof office.issue> {
  return await office.issue(desk, mailbox, { ...wish, door: await office.findDoor(desk, wish.door) });
}

export async function commission(
  desk: Desk,
  mailbox: office.MailboxFolder,
  wish: AtDoor<Filed<typeof office.commission>>,
): ReturnType<typeof office.commission> {
  return await office.commission(desk, mailbox, { ...wish, door: await office.findDoor(desk, wish.door) });
}
