/**
 * Whole sessions under any crypto provider, in one thread and nothing in between: the authority signs one change, a
 * courier checks it and says it to a simulated lock over frames, the lock puts it in flash and signs its receipt, and
 * both the courier and the authority verify that.
 */
import { createSimulatedLock, type SimulatedLock } from "@doorsync/lock-sim";
import * as authority from "@doorsync/protocol/authority";
import * as courier from "@doorsync/protocol/courier";

const noon = 1_790_000_000;
const codes = 20;

export interface Sessions {
  /** One more. Throws unless it ends with a receipt that verifies. */
  run(): void;
}

/** A lock with an owner and a table of twenty codes, and sessions that change one of them each. */
export function sessionsWith(provider: authority.Provider): Sessions {
  const crypto = authority.createCrypto(provider);
  const bytesOf = (name: string, length: number): Uint8Array =>
    crypto.expand(
      crypto.extract(authority.ascii("bench"), authority.ascii(name)),
      authority.ascii(""),
      length,
    );
  const tableSeed = bytesOf("table", 32);
  const tableKey = crypto.signPublic(tableSeed);
  const setupSecret = bytesOf("setup", 16);
  const lock = createSimulatedLock({ setupSecret, crypto });
  const name = { lockId: bytesOf("id", 16), epoch: 1 };
  const commission: authority.Commission = {
    setup: { secret: setupSecret },
    ephemeral: bytesOf("ephemeral", 32),
    offer: {
      ...name,
      tag: bytesOf("tag", 8),
      issuedAt: noon,
      root: tableKey,
      table: tableKey,
      capability: tableKey,
      time: tableKey,
      box: crypto.agreePublic(tableSeed),
    },
  };
  const { commission: row } = authority.messageCatalog;
  const said = { type: row.type, body: authority.issueCommission(crypto, commission) };
  const met = authority.finishCommission(crypto, commission, talk(lock, [said]));
  if (!met.ok) throw new Error(`commissioning: ${met.check}`);
  const { keys, lockPublic } = met.value;
  const owned: authority.AuthorityLock = { name, keys };

  const rule = authority.encodeItem(authority.plainRule(1, "code", 720, false));
  const credential = (number: number, digits: number): Uint8Array => {
    const tag = authority.pinTag(crypto, keys.pin, String(digits).padStart(6, "0"));
    return authority.encodeItem(authority.alwaysCredential(authority.firstCredentialId + number, 1, tag));
  };
  const items = Array.from({ length: codes }, (_, number) => credential(number, number));
  const first = authority.tableFromItems(crypto, keys.digest, authority.concat(rule, ...items));
  if (!first.ok) throw new Error(`table: ${first.check}`);
  let table = first.value;
  let version = 1;

  function deliver(issued: authority.Issued): void {
    const parcel: courier.Parcel = {
      kind: issued.from === undefined ? "snapshot" : "update",
      lockId: name.lockId,
      tag: commission.offer.tag,
      epoch: 1,
      from: issued.from ?? 0,
      to: issued.to,
      notAfter: issued.notAfter,
      lockKey: lockPublic.sign,
      tableKey,
      messages: issued.messages,
    };
    if (!courier.checkParcel(crypto, parcel).ok) throw new Error("the parcel does not check");
    const receipt = talk(lock, issued.messages);
    if (!courier.checkReceipt(crypto, parcel, receipt).ok) throw new Error("the courier does not believe it");
    const word = authority.acceptReceipt(crypto, name, lockPublic.sign, receipt);
    if (!word.ok || word.value.version !== issued.to) throw new Error("the authority does not believe it");
    ({ table } = issued);
    version = issued.to;
  }

  deliver(
    authority.issueSnapshot(crypto, tableSeed, owned, { table, to: 1, issuedAt: noon, lifeHours: 168 }),
  );
  return {
    run() {
      const at = { from: version, to: version + 1, table, issuedAt: noon, lifeHours: 168 };
      const change = { removes: [], puts: [credential(version % codes, 1_000 + version)] };
      const issued = authority.issueUpdate(crypto, tableSeed, owned, at, change);
      if (!issued.ok) throw new Error(`update: ${issued.check}`);
      deliver(issued.value);
    },
  };
}

/** Says messages in one connection, after a hello; gives the body of the last answer. */
export function talk(lock: SimulatedLock, messages: readonly courier.Message[]): Uint8Array {
  let answer = new Uint8Array(0);
  let inbox = courier.emptyInbox;
  let outbox = courier.emptyOutbox;
  const link = lock.board.connect({
    frameBytesMax: 244,
    send(frame) {
      const heard = courier.hear(inbox, frame, courier.bodyBytesMax("toPhone"));
      if (heard.kind === "refused") throw new Error(heard.refused.check);
      inbox = heard.inbox;
      if (heard.kind === "message") answer = new Uint8Array(heard.body);
    },
    close() {},
  });
  if (link === undefined) throw new Error("the lock is dark or busy");
  const hello = { type: courier.messageType("hello"), body: courier.encodeHelloRequest(false) };
  for (const { type, body } of [hello, ...messages]) {
    const cut = courier.segment(outbox, type, body, 244);
    outbox = cut.outbox;
    for (const frame of cut.frames) link.frame(frame);
  }
  link.closed();
  return answer;
}
