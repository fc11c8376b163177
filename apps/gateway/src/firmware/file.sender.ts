import type { FileHandle } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { Injectable, Logger } from '@nestjs/common';

const KIB = 1_024;
/** Two pieces of each download are in memory. Large ones are faster; the more downloads, the smaller they are. */
const PIECE_BYTES = { min: 64 * KIB, max: 512 * KIB, ofAll: 65_536 * KIB } as const;
/** Largest pieces that are kept for the next downloads. */
const MAX_SPARE = 100;

/** From `start` to `end`, both sent. */
export interface FilePart {
  readonly start: number;
  readonly end: number;
}

/**
 * Writes parts of files into answers. While a piece goes out the next one is read, and both are used again: new memory for
 * each would cost more than reading does (npm run bench, malls-firmware).
 */
@Injectable()
export class FileSender {
  private readonly logger = new Logger(FileSender.name);
  private readonly spare: Buffer[] = [];
  private sending = 0;

  /**
   * Ends when the part is sent, the client is gone or the file cannot be read, which cuts the answer off; answers how many
   * bytes were handed over. The file stays open.
   */
  async send(response: ServerResponse, file: FileHandle, part: FilePart): Promise<number> {
    const pieceBytes = pieceBytesFor(++this.sending);
    const pieces = [this.take(pieceBytes), this.take(pieceBytes)] as const;
    try {
      const { sentBytes, isWhole } = await pump(response, file, part, pieces);
      if (isWhole) {
        response.end();
        this.keep(pieces);
      } else response.destroy();
      return sentBytes;
    } catch (error) {
      this.logger.warn({ event: 'firmware_read_failed', error });
      response.destroy();
      return 0;
    } finally {
      this.sending--;
    }
  }

  private take(sizeBytes: number): Buffer {
    const spare = sizeBytes === PIECE_BYTES.max ? this.spare.pop() : undefined;
    return spare ?? Buffer.allocUnsafeSlow(sizeBytes);
  }

  private keep(pieces: readonly Buffer[]): void {
    const large = pieces.filter(({ length }) => length === PIECE_BYTES.max);
    this.spare.push(...large.slice(0, MAX_SPARE - this.spare.length));
  }
}

function pieceBytesFor(downloads: number): number {
  const share = Math.floor(PIECE_BYTES.ofAll / (2 * downloads));
  return Math.min(PIECE_BYTES.max, Math.max(PIECE_BYTES.min, share));
}

/** A file that has become shorter is not sent whole, and must not look so. */
async function pump(
  response: ServerResponse,
  file: FileHandle,
  { start, end }: FilePart,
  pieces: readonly [Buffer, Buffer],
): Promise<{ sentBytes: number; isWhole: boolean }> {
  const closed = whenClosed(response);
  let position = start;
  let sending: Promise<boolean> = Promise.resolve(true);
  for (let turn = 0; position <= end; turn++) {
    const piece = pieces[turn % 2 === 0 ? 0 : 1];
    const { bytesRead } = await file.read(piece, 0, Math.min(piece.length, end - position + 1), position);
    if (!(await sending) || bytesRead === 0) return { sentBytes: position - start, isWhole: false };
    sending = Promise.race([written(response, piece.subarray(0, bytesRead)), closed]);
    position += bytesRead;
  }
  return { sentBytes: position - start, isWhole: await sending };
}

/** Whether the piece has left this process, so that its memory is free again. */
function written(response: ServerResponse, piece: Buffer): Promise<boolean> {
  return new Promise((resolve) => {
    response.write(piece, (error) => resolve(!error));
  });
}

function whenClosed(response: ServerResponse): Promise<false> {
  return new Promise((resolve) => {
    if (response.destroyed) resolve(false);
    else response.once('close', () => resolve(false));
  });
}
