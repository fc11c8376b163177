import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { waitFor } from '../support/wait.js';
import type { AudienceProgress, AudienceTask } from './malls-audience.worker.js';

/** Many readers of Server-Sent Events in a process of their own. */
export class Audience {
  /** Round → when each reader had its event, milliseconds since 1970. */
  private readonly receivedAtMs = new Map<number, number[]>();

  private constructor(private readonly child: ChildProcess) {
    child.on('message', (message: AudienceProgress | 'ready') => {
      if (message === 'ready') return;
      for (const [round, atMs] of message.received) this.of(round).push(atMs);
    });
  }

  /** Resolves when every reader has been greeted. */
  static async open(task: AudienceTask): Promise<Audience> {
    const child = fork(new URL('./malls-audience.worker.js', import.meta.url));
    const audience = new Audience(child);
    child.send(task);
    const ended = once(child, 'exit').then(([code]) => Promise.reject(new Error(`the readers ended with ${code}`)));
    await Promise.race([once(child, 'message'), ended]);
    ended.catch(() => undefined);
    return audience;
  }

  /** When each of `count` readers had the event of a round. */
  async until(round: number, count: number): Promise<readonly number[]> {
    await waitFor(() => this.of(round).length >= count, 60_000);
    return this.of(round);
  }

  async close(): Promise<void> {
    this.child.kill('SIGKILL');
    await once(this.child, 'exit');
  }

  private of(round: number): number[] {
    const times = this.receivedAtMs.get(round) ?? [];
    this.receivedAtMs.set(round, times);
    return times;
  }
}
