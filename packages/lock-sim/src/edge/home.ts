/**
 * A lock's home folder: the two stores as files, written through at every operation, so that the process may be killed
 * at any moment. Not a fault model: torn words and the rest come from the parts, and are written down as they lie.
 *
 *   lock.json    what the folder is, the format's number, the capacity
 *   flash.img    the flash chip, byte for byte
 *   secure.bin   the secure element's record and its CRC-32 (u32, big-endian); replaced whole
 *   setup.txt    the setup text printed with the lock
 *
 * Not kept here, and new with each process: the wear of the flash, the battery, bolt and door, the battery-backed clock.
 */
import { closeSync, existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { type Bytes, type Crypto, capacityMax, concat, equal, formatSetup } from "@doorsync/protocol/lock";
import { crc32 } from "../firmware/crc.ts";
import { type Geometry, geometryFor, sectorBytes, wordBytes } from "../firmware/geometry.ts";
import { decodeSecure, encodeSecure, factorySecure } from "../firmware/secure.ts";
import { createFlash, type Flash } from "../parts/flash.ts";
import { createSecureElement, type SecureElement } from "../parts/secure-element.ts";
import { type Disk, openToWrite, disk as realDisk, writeWhole } from "./disk.ts";
import { enterHome } from "./guard.ts";
import { codeOf, Trouble, troubleOf } from "./trouble.ts";

const homeFormat = "doorsync-lock-home/1";
const about =
  "One simulated door lock (lock-sim): flash.img is its flash chip, secure.bin its secure element.";

export const homeFiles = {
  about: "lock.json",
  flash: "flash.img",
  secure: "secure.bin",
  setup: "setup.txt",
} as const;

export interface NewHome {
  readonly folder: string;
  readonly capacity: number;
  /** 16 bytes. */
  readonly setupSecret: Bytes;
  /** How the lock shows itself before it has an owner. */
  readonly tag: Bytes;
}

/** Makes the home of a factory-fresh lock, whole or not at all; gives the setup text. Throws Trouble. */
export function createHome(crypto: Crypto, fresh: NewHome, disk: Disk = realDisk): string {
  const folder = existsSync(fresh.folder) ? realpathSync(fresh.folder) : resolve(fresh.folder);
  const building = `${folder}.new-${process.pid}`;
  const setup = formatSetup(crypto, { secret: fresh.setupSecret });
  const card = `${JSON.stringify({ format: homeFormat, about, capacity: fresh.capacity }, null, 2)}\n`;
  const blank = new Uint8Array(geometryFor(fresh.capacity).imageBytes).fill(0xff);
  try {
    if (existsSync(folder) && readdirSync(folder).length > 0) {
      throw new Trouble(`${fresh.folder} is not empty: name a folder that does not exist yet`);
    }
    mkdirSync(dirname(folder), { recursive: true });
    rmSync(building, { recursive: true, force: true });
    mkdirSync(building, { mode: 0o700 });
    writeWhole(disk, join(building, homeFiles.flash), blank);
    writeWhole(
      disk,
      join(building, homeFiles.secure),
      packSecure(encodeSecure(factorySecure(fresh.setupSecret, fresh.tag))),
    );
    writeWhole(disk, join(building, homeFiles.setup), `${setup}\n`);
    writeWhole(disk, join(building, homeFiles.about), card);
    disk.rename(building, folder);
    disk.syncFolder(dirname(folder));
  } catch (error) {
    if (codeOf(error) === "ENOTDIR" || codeOf(error) === "EEXIST") {
      throw new Trouble(`${fresh.folder} is not a folder and cannot become one: name another one`);
    }
    rmSync(building, { recursive: true, force: true });
    throw troubleOf(error, fresh.folder);
  }
  return setup;
}

export interface Home {
  readonly folder: string;
  readonly geometry: Geometry;
  /** The parts, every operation of which is in the files before it answers; they throw Trouble when the disk refuses. */
  readonly storage: { readonly flash: Flash; readonly secure: SecureElement };
  close(): void;
}

/** Opens a home for one process. Throws Trouble for whatever is missing, damaged or in use, and changes nothing then. */
export function openHome(folder: string, disk: Disk = realDisk): Home {
  const { geometry, image, record } = readHome(folder);
  let leave: () => void;
  let file: number;
  try {
    leave = enterHome(folder);
  } catch (error) {
    throw troubleOf(error, folder);
  }
  try {
    file = openToWrite(join(folder, homeFiles.flash));
  } catch (error) {
    leave();
    throw troubleOf(error, join(folder, homeFiles.flash));
  }
  return {
    folder,
    geometry,
    storage: {
      flash: keptFlash(folder, disk, file, geometry, image),
      secure: keptSecure(folder, disk, file, record),
    },
    close() {
      closeSync(file);
      leave();
    },
  };
}

interface HomeContent {
  readonly geometry: Geometry;
  readonly image: Bytes;
  readonly record: Bytes;
}

function readHome(folder: string): HomeContent {
  const start = "create one with `lock-sim new --home DIR`";
  if (!existsSync(folder)) throw new Trouble(`there is no lock home at ${folder}: ${start}`);
  const card = readPart(folder, homeFiles.about, `it is not a lock home; ${start}`);
  const capacity = capacityOf(new TextDecoder().decode(card));
  const repair = "restore the folder from a copy, or make a new lock in another folder";
  if (capacity === undefined) {
    throw new Trouble(
      `${join(folder, homeFiles.about)} does not say ${homeFormat} and a capacity: ${repair}`,
    );
  }
  const geometry = geometryFor(capacity);
  const image = readPart(folder, homeFiles.flash, repair);
  if (image.length !== geometry.imageBytes) {
    throw new Trouble(
      `${join(folder, homeFiles.flash)} has ${image.length} bytes, not the ${geometry.imageBytes} of capacity ${capacity}: ${repair}`,
    );
  }
  const record = unpackSecure(readPart(folder, homeFiles.secure, repair));
  if (record === undefined || !decodeSecure(record).ok) {
    throw new Trouble(
      `${join(folder, homeFiles.secure)} is damaged, the lock does not know who it is: ${repair}`,
    );
  }
  return { geometry, image, record };
}

const crcBytes = 4;

/** What `secure.bin` holds. A real secure element notices its own rot; the file of one needs a checksum for that. */
function packSecure(record: Bytes): Bytes {
  const sum = new Uint8Array(crcBytes);
  new DataView(sum.buffer).setUint32(0, crc32(record));
  return concat(record, sum);
}

/** The record in the content of a `secure.bin`, not yet decoded; undefined when its checksum says otherwise. */
export function unpackSecure(file: Bytes): Bytes | undefined {
  if (file.length < crcBytes) return undefined;
  const record = file.slice(0, -crcBytes);
  return equal(packSecure(record), file) ? record : undefined;
}

function readPart(folder: string, name: string, ifMissing: string): Bytes {
  try {
    return new Uint8Array(readFileSync(join(folder, name)));
  } catch (error) {
    const code = codeOf(error);
    if (code === "ENOENT" || code === "ENOTDIR") {
      throw new Trouble(`${folder} has no ${name}: ${ifMissing}`);
    }
    throw troubleOf(error, join(folder, name));
  }
}

/** Capacity in a home's card, or undefined when it is not one of this format. */
export function capacityOf(card: string): number | undefined {
  try {
    const said: unknown = JSON.parse(card);
    if (typeof said !== "object" || said === null || !("format" in said) || !("capacity" in said))
      return undefined;
    const { format, capacity } = said;
    if (format !== homeFormat || typeof capacity !== "number" || !Number.isInteger(capacity))
      return undefined;
    return capacity >= 1 && capacity <= capacityMax ? capacity : undefined;
  } catch {
    return undefined;
  }
}

function keptFlash(folder: string, disk: Disk, file: number, geometry: Geometry, image: Bytes): Flash {
  const chip = createFlash({ bytes: geometry.imageBytes, sectorBytes, wordBytes }, image, "lost");
  const keep = (address: number, length: number): void => {
    try {
      disk.write(file, chip.read(address, length), address);
    } catch (error) {
      throw troubleOf(error, join(folder, homeFiles.flash));
    }
  };
  return {
    ...chip,
    program(address, bytes) {
      const outcome = chip.program(address, bytes);
      keep(address, bytes.length);
      return outcome;
    },
    erase(sector) {
      const outcome = chip.erase(sector);
      keep(sector * sectorBytes, sectorBytes);
      return outcome;
    },
    rot(address, bit) {
      chip.rot(address, bit);
      keep(address, 1);
    },
    powerOn() {
      const before = chip.read();
      chip.powerOn();
      // A word in which power failed may read otherwise from now on.
      if (!equal(before, chip.read())) keep(0, geometry.imageBytes);
    },
    get counters() {
      return chip.counters;
    },
  };
}

function keptSecure(folder: string, disk: Disk, flashFile: number, record: Bytes): SecureElement {
  const element = createSecureElement(record);
  let kept = record;
  return {
    ...element,
    write(next) {
      const outcome = element.write(next);
      const now = element.read();
      if (equal(now, kept)) return outcome;
      try {
        // What the new record vouches for must be on the disk before the record is.
        disk.sync(flashFile);
        writeWhole(disk, join(folder, homeFiles.secure), packSecure(now));
      } catch (error) {
        throw troubleOf(error, join(folder, homeFiles.secure));
      }
      kept = now;
      return outcome;
    },
    get writes() {
      return element.writes;
    },
    get cuts() {
      return element.cuts;
    },
  };
}
