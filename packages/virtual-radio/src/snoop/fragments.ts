/**
 * L2CAP frames from the pieces in which one direction of a link carries them. What cannot be put together is counted,
 * never guessed: a capture may begin, or have holes, anywhere.
 *
 *   frame    length u16 | channel u16 | data, little-endian
 */
import { little } from "./bytes.ts";

const headerBytes = 4;

export interface Assembled {
  /** A whole frame's channel and data, when this piece was its last. */
  readonly frame?: { readonly channel: number; readonly data: Uint8Array };
  /** Frames that are now known to be lost. */
  readonly lost: number;
}

/** One direction of one link. It keeps at most one frame's 64 KiB. */
export interface Assembler {
  hear(piece: Uint8Array, isStart: boolean, isDamaged: boolean): Assembled;
  /** The link is over: a frame whose last piece has not come is lost. */
  end(): Assembled;
}

export function createAssembler(): Assembler {
  let pieces: Uint8Array[] = [];
  let bytes = 0;
  const forget = (): void => {
    pieces = [];
    bytes = 0;
  };

  const hear = (piece: Uint8Array, isStart: boolean, isDamaged: boolean): Assembled => {
    let lost = 0;
    if (isStart && pieces.length > 0) {
      lost++;
      forget();
    }
    const hasNoStart = !isStart && pieces.length === 0;
    if (isDamaged || hasNoStart) {
      forget();
      return { lost: lost + 1 };
    }
    pieces.push(piece);
    bytes += piece.length;
    const first = pieces[0] ?? piece;
    const length = little(first, 0, 2);
    const channel = little(first, 2, 2);
    // A first piece without a whole header is what no controller sends.
    if (length === undefined || channel === undefined || bytes > headerBytes + length) {
      forget();
      return { lost: lost + 1 };
    }
    if (bytes < headerBytes + length) return { lost };
    const data = join(pieces, bytes).subarray(headerBytes);
    forget();
    return { frame: { channel, data }, lost };
  };
  return {
    hear,
    end() {
      const lost = pieces.length > 0 ? 1 : 0;
      forget();
      return { lost };
    },
  };
}

function join(pieces: readonly Uint8Array[], bytes: number): Uint8Array {
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
