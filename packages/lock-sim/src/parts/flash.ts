/**
 * A NOR flash chip, stricter than any real one: what a real chip may forgive throws here, because it is a bug of the
 * firmware. It knows nothing of records or tables.
 *
 * Rules. Erasing sets a whole sector to ones. Programming only clears bits, whole aligned words, in ascending order.
 * A word may be programmed again only with the value it was last meant to have. While power failed in a word, the word
 * counts as touched even if it reads blank. A sector whose erase was interrupted must be erased again before it is
 * programmed, even if it reads blank.
 *
 * Fault menu (the only things that go wrong, and only when armed):
 * - `cut`: power fails in one operation, which answers "cut"; the part is dead until `powerOn`. With `afterBytes` past
 *   the end, all was done and only the answer is lost. Else, in a program, the words before `afterBytes` are done and
 *   the word at `afterBytes` is torn:
 *     "untouched"  nothing happened to it
 *     "half"       its first half is programmed
 *     "scattered"  a drawn subset of the bits that should have been cleared are
 *     "marginal"   done, but at each power-on it reads as before or as meant, drawn anew, until programmed or erased
 *   In an erase, `afterBytes` of the sector are erased and the rest is
 *     "untouched"  as it was
 *     "half"       as it was in its first half, erased in the second
 *     "scattered"  word by word erased, as it was, or random at each power-on
 *     "marginal"   at each power-on word by word as it was or erased, drawn anew; the erased part may also be as it was
 * - `dud`: one word of a program keeps a bit it should have cleared; the operation answers "done" and does not tell.
 * - `lost`: a whole program answers "done" and did nothing, as if it had never been asked for.
 * - `stuck`: one bit wears out for ever, and no operation tells. Struck in a program, it reads as one from then on,
 *   whatever is programmed; struck in an erase, as zero, however often the sector is erased.
 * - `rot`: a bit of the image flips while nobody looks (called directly, not armed).
 */
import { type Bytes, concat, copy } from "@doorsync/protocol/lock";

export const flashFaults = [
  { name: "cut", means: "power fails in an operation and tears a word or a sector" },
  { name: "dud", means: "a word of a program keeps a bit that it should have cleared" },
  { name: "lost", means: "a whole program answers done and did nothing" },
  { name: "stuck", means: "a bit that no program clears, or no erase sets, any more" },
  { name: "rot", means: "a bit of the image flips while nobody looks" },
] as const;

export const tornPatterns = ["untouched", "half", "scattered", "marginal"] as const;
export type TornPattern = (typeof tornPatterns)[number];

/** `atOp` counts programs and erases from 0 over the life of the part; `seed` draws what the pattern leaves open. */
export type FlashFault =
  | {
      readonly kind: "cut";
      readonly atOp: number;
      readonly afterBytes: number;
      readonly pattern: TornPattern;
      readonly seed: number;
    }
  | { readonly kind: "dud"; readonly atOp: number; readonly afterBytes: number }
  | { readonly kind: "lost"; readonly atOp: number }
  /** `bit`: 0 to 7, of the byte at `afterBytes`. */
  | { readonly kind: "stuck"; readonly atOp: number; readonly afterBytes: number; readonly bit: number };

export interface FlashShape {
  /** Size of the chip, in bytes. */
  readonly bytes: number;
  readonly sectorBytes: number;
  readonly wordBytes: number;
}

/** What happened to the part so far. */
export interface FlashCounters {
  readonly ops: number;
  readonly programs: number;
  readonly programBytes: number;
  readonly erases: number;
  /** Faults that struck. */
  readonly cuts: number;
  readonly duds: number;
  readonly lost: number;
  readonly stuck: number;
}

export type FlashOutcome = "done" | "cut";

export interface Flash {
  readonly shape: FlashShape;
  /** A copy of `length` bytes from `address`; of the whole chip without arguments. */
  read(address?: number, length?: number): Bytes;
  program(address: number, bytes: Bytes): FlashOutcome;
  erase(sector: number): FlashOutcome;
  /** Replaces what was armed before; undefined disarms. */
  arm(fault: FlashFault | undefined): void;
  /** Power returns: weak words are drawn anew, from `seed` if one is given. */
  powerOn(seed?: number): void;
  rot(address: number, bit: number): void;
  readonly counters: FlashCounters;
  /** Erases of each sector. */
  wear(): readonly number[];
  /** An independent copy with all its weak cells, armed with nothing. */
  fork(): Flash;
  /** Addresses of the words that read otherwise at each power-on. */
  weak(): readonly number[];
  /** All of a sector that decides how it reads and what it takes from now on; not its wear. Alike chips say the same. */
  likeness(sector: number): Bytes;
}

/** A word that reads as one of two values, or as anything (`undefined`), at each power-on. */
type Weak = readonly [Bytes, Bytes] | undefined;

/** A word that was to be erased and was blank before: whatever it reads as, it is the same. */
function isFirm(values: Weak): boolean {
  return values?.[0].every((byte, i) => byte === values[1][i]) ?? false;
}

/** Bits of one byte that read as one, and bits that read as zero, whatever happens. */
interface Worn {
  readonly ones: number;
  readonly zeros: number;
}

interface Cells {
  readonly now: Bytes;
  /** Like `now`, but what was last programmed since the erase, whether it took or not. */
  readonly meant: Bytes;
  /** By word: whether it was programmed since the erase, even in vain. */
  readonly touched: Uint8Array;
  readonly weak: Map<number, Weak>;
  /** Sectors whose last erase was interrupted. */
  readonly halfErased: Set<number>;
  /** By byte: the bits that are what they are for ever. */
  readonly worn: Map<number, Worn>;
  readonly wear: Uint32Array;
}

/** Numbers in [0, 1) from a seed (mulberry32). */
function draws(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b_79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What `Cells.touched` says of a word. `found`: what it was meant to be is not known; a program may still clear bits. */
const fresh = 0;
const programmed = 1;
const found = 2;

/**
 * A chip with the given content, or blank. Words that are not all ones count as programmed; with `past` "lost" (an image
 * that outlived its process, and with it the knowledge of torn words) each of them may be programmed once more, as long
 * as that only clears bits.
 */
export function createFlash(shape: FlashShape, image?: Bytes, past: "known" | "lost" = "known"): Flash {
  if (image !== undefined && image.length !== shape.bytes)
    throw new RangeError(`an image of ${image.length} bytes`);
  const now = image === undefined ? new Uint8Array(shape.bytes).fill(0xff) : copy(image);
  const touched = new Uint8Array(shape.bytes / shape.wordBytes);
  now.forEach((byte, at) => {
    if (byte !== 0xff) touched[Math.floor(at / shape.wordBytes)] = past === "lost" ? found : programmed;
  });
  const wear = new Uint32Array(shape.bytes / shape.sectorBytes);
  const nothing: FlashCounters = {
    ops: 0,
    programs: 0,
    programBytes: 0,
    erases: 0,
    cuts: 0,
    duds: 0,
    lost: 0,
    stuck: 0,
  };
  return flashOf(
    shape,
    { now, meant: copy(now), touched, weak: new Map(), halfErased: new Set(), worn: new Map(), wear },
    nothing,
    1,
  );
}

function flashOf(shape: FlashShape, cells: Cells, past: FlashCounters, firstSeed: number): Flash {
  const { sectorBytes, wordBytes } = shape;
  const count = { ...past };
  let seed = firstSeed;
  let armed: FlashFault | undefined;
  let powered = true;

  const holds = (where: Bytes, at: number, value: Bytes): boolean => {
    for (let i = 0; i < value.length; i++) if (where[at + i] !== value[i]) return false;
    return true;
  };

  const onlyClears = (at: number, value: Bytes): boolean =>
    value.every((byte, i) => ((cells.now[at + i] ?? 0) & byte) === byte);

  const check = (address: number, bytes: Bytes): void => {
    if (address % wordBytes !== 0 || bytes.length % wordBytes !== 0 || bytes.length === 0) {
      throw new Error(`program of ${bytes.length} bytes at ${address} is not of whole words`);
    }
    if (address < 0 || address + bytes.length > shape.bytes)
      throw new Error(`program past the end, at ${address}`);
    for (let at = address; at < address + bytes.length; at += wordBytes) {
      if (cells.halfErased.has(Math.floor(at / sectorBytes)))
        throw new Error(`program in a half erased sector, at ${at}`);
      const value = bytes.subarray(at - address, at - address + wordBytes);
      const touched = cells.touched[at / wordBytes];
      const isMeant = touched === fresh || holds(cells.meant, at, value);
      if (!isMeant && !(touched === found && onlyClears(at, value)))
        throw new Error(`program over another value, at ${at}`);
    }
  };

  /** The fault for this operation, if one is armed; counts the operation. */
  const strike = (): FlashFault | undefined => {
    if (!powered) throw new Error("flash used without power");
    const fault = armed?.atOp === count.ops ? armed : undefined;
    count.ops++;
    if (fault !== undefined) armed = undefined;
    return fault;
  };

  const fail = (): FlashOutcome => {
    count.cuts++;
    powered = false;
    return "cut";
  };

  /** Whatever was just done to the cells, worn bits are what they are. */
  const showWorn = (): void => {
    for (const [at, { ones, zeros }] of cells.worn) cells.now[at] = ((cells.now[at] ?? 0) | ones) & ~zeros;
  };

  const wearOut = (at: number, bit: number, readsAs: "one" | "zero"): void => {
    const { ones, zeros } = cells.worn.get(at) ?? { ones: 0, zeros: 0 };
    const mask = 1 << bit;
    cells.worn.set(
      at,
      readsAs === "one"
        ? { ones: ones | mask, zeros: zeros & ~mask }
        : { ones: ones & ~mask, zeros: zeros | mask },
    );
    count.stuck++;
  };

  const settle = (word: number, value: Bytes): void => {
    cells.now.set(value, word * wordBytes);
    cells.weak.delete(word);
    cells.meant.set(value, word * wordBytes);
    cells.touched[word] = programmed;
  };

  const tear = (word: number, value: Bytes, pattern: TornPattern, draw: () => number): void => {
    const at = word * wordBytes;
    const before = cells.now.slice(at, at + wordBytes);
    const wasWhole = cells.touched[word] !== fresh && !cells.weak.has(word) && holds(cells.now, at, value);
    cells.meant.set(value, at);
    cells.touched[word] = programmed;
    if (wasWhole) return;
    switch (pattern) {
      case "untouched":
        return;
      case "half":
        cells.now.set(value.subarray(0, wordBytes / 2), at);
        cells.weak.delete(word);
        return;
      case "scattered":
        for (let i = 0; i < wordBytes; i++) {
          cells.now[at + i] = (before[i] ?? 0) & ((value[i] ?? 0) | Math.floor(draw() * 256));
        }
        cells.weak.delete(word);
        return;
      case "marginal":
        cells.weak.set(word, [before, copy(value)]);
        return;
      default:
        throw new TypeError(String(pattern satisfies never));
    }
  };

  const tearSector = (sector: number, afterBytes: number, pattern: TornPattern, draw: () => number): void => {
    const firstWord = (sector * sectorBytes) / wordBytes;
    const words = sectorBytes / wordBytes;
    const erased = afterBytes / wordBytes;
    const blank = new Uint8Array(wordBytes).fill(0xff);
    cells.halfErased.add(sector);
    for (let i = 0; i < words; i++) {
      const word = firstWord + i;
      const at = word * wordBytes;
      const old = cells.now.slice(at, at + wordBytes);
      const fate = Math.floor(draw() * 3);
      const goes =
        i < erased ||
        (pattern === "half" && i - erased >= (words - erased) / 2) ||
        (pattern === "scattered" && fate === 0);
      if (pattern === "marginal") cells.weak.set(word, [old, blank]);
      else if (goes) {
        cells.now.set(blank, at);
        cells.weak.delete(word);
      } else if (pattern === "scattered" && fate === 1) cells.weak.set(word, undefined);
    }
  };

  const flash: Flash = {
    shape,
    read: (address = 0, length = shape.bytes - address) => cells.now.slice(address, address + length),

    program(address, bytes) {
      check(address, bytes);
      const fault = strike();
      count.programs++;
      if (fault?.kind === "lost") {
        count.lost++;
        return "done";
      }
      if (fault?.kind === "stuck" && fault.afterBytes < bytes.length)
        wearOut(address + fault.afterBytes, fault.bit, "one");
      for (let at = 0; at < bytes.length; at += wordBytes) {
        const word = (address + at) / wordBytes;
        const value = bytes.subarray(at, at + wordBytes);
        if (fault?.kind === "cut" && at + wordBytes > fault.afterBytes) {
          tear(word, value, fault.pattern, draws(fault.seed));
          seed = fault.seed;
          showWorn();
          return fail();
        }
        settle(word, value);
        count.programBytes += wordBytes;
        if (fault?.kind === "dud" && at + wordBytes > fault.afterBytes && at <= fault.afterBytes) {
          const cleared = value.findIndex((byte) => byte !== 0xff);
          const byte = value[cleared];
          if (byte === undefined) continue;
          cells.now[address + at + cleared] = byte | (~byte & (byte + 1));
          count.duds++;
        }
      }
      showWorn();
      return fault?.kind === "cut" ? fail() : "done";
    },

    erase(sector) {
      if (!Number.isInteger(sector) || sector < 0 || sector >= cells.wear.length) {
        throw new Error(`erase of sector ${sector} of ${cells.wear.length}`);
      }
      const fault = strike();
      count.erases++;
      cells.wear[sector] = (cells.wear[sector] ?? 0) + 1;
      if (fault?.kind === "cut" && fault.afterBytes < sectorBytes) {
        tearSector(sector, fault.afterBytes, fault.pattern, draws(fault.seed));
        seed = fault.seed;
        showWorn();
        return fail();
      }
      if (fault?.kind === "stuck" && fault.afterBytes < sectorBytes)
        wearOut(sector * sectorBytes + fault.afterBytes, fault.bit, "zero");
      cells.halfErased.delete(sector);
      cells.now.fill(0xff, sector * sectorBytes, (sector + 1) * sectorBytes);
      cells.meant.fill(0xff, sector * sectorBytes, (sector + 1) * sectorBytes);
      const words = sectorBytes / wordBytes;
      cells.touched.fill(fresh, sector * words, (sector + 1) * words);
      for (const word of cells.weak.keys()) if (Math.floor(word / words) === sector) cells.weak.delete(word);
      showWorn();
      return fault?.kind === "cut" ? fail() : "done";
    },

    arm(fault) {
      armed = fault;
    },

    powerOn(given = seed + 1) {
      powered = true;
      seed = given >>> 0;
      const draw = draws(seed);
      for (const [word, values] of cells.weak) {
        const at = word * wordBytes;
        if (values !== undefined) cells.now.set(draw() < 0.5 ? values[0] : values[1], at);
        else for (let i = 0; i < wordBytes; i++) cells.now[at + i] = Math.floor(draw() * 256);
      }
      showWorn();
    },

    rot(address, bit) {
      if (address < 0 || address >= shape.bytes) throw new Error(`rot past the end, at ${address}`);
      cells.now[address] = (cells.now[address] ?? 0) ^ (1 << bit);
      showWorn();
    },

    get counters() {
      return { ...count };
    },

    wear: () => [...cells.wear],

    fork: () =>
      flashOf(
        shape,
        {
          now: copy(cells.now),
          meant: copy(cells.meant),
          touched: cells.touched.slice(),
          weak: new Map(cells.weak),
          halfErased: new Set(cells.halfErased),
          worn: new Map(cells.worn),
          wear: cells.wear.slice(),
        },
        count,
        seed,
      ),

    weak: () => [...cells.weak].flatMap(([word, values]) => (isFirm(values) ? [] : [word * wordBytes])),

    likeness(sector) {
      const start = sector * sectorBytes;
      const end = start + sectorBytes;
      const odd: number[] = [cells.halfErased.has(sector) ? 1 : 0];
      for (const [word, values] of [...cells.weak].sort(([a], [b]) => a - b)) {
        const at = word * wordBytes;
        if (at >= start && at < end && !isFirm(values))
          odd.push(at - start, ...(values?.flatMap((one) => [...one]) ?? []));
      }
      for (const [at, { ones, zeros }] of [...cells.worn].sort(([a], [b]) => a - b))
        if (at >= start && at < end) odd.push(-1, at - start, ones, zeros);
      const pieces = [
        cells.now.subarray(start, end),
        cells.meant.subarray(start, end),
        cells.touched.subarray(start / wordBytes, end / wordBytes),
        new Uint8Array(Int32Array.from(odd).buffer),
      ];
      return concat(...pieces);
    },
  };
  return flash;
}
