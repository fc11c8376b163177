import type { Frame } from './live.group.js';

const MAX_BYTES = 16 * 1024 ** 2;

/** Frames that wait for a replay to end: so many, and not more than 16 MiB of bodies. */
export class FrameBuffer {
  private frames: Frame[] = [];
  private sizeBytes = 0;
  private overflowed = false;

  constructor(private readonly capacity: number) {}

  /** Whether frames were dropped since it was last empty. */
  get hasOverflowed(): boolean {
    return this.overflowed;
  }

  push(frame: Frame): void {
    if (this.overflowed) return;
    if (this.frames.length >= this.capacity || this.sizeBytes + frame.sizeBytes > MAX_BYTES) {
      this.clear();
      this.overflowed = true;
      return;
    }
    this.frames.push(frame);
    this.sizeBytes += frame.sizeBytes;
  }

  /** Takes all of them out, oldest first. */
  drain(): Frame[] {
    const frames = this.frames;
    this.clear();
    return frames;
  }

  clear(): void {
    this.frames = [];
    this.sizeBytes = 0;
    this.overflowed = false;
  }
}
