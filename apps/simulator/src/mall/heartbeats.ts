import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { HEARTBEAT_INTERVAL_S, ROUTES } from '#libs/contracts';
import type { Clock } from '../clock.js';
import { type Log, reasonOf } from '../log.js';
import { waitFor } from '../waiting.js';
import type { CentralClient } from './central/central.client.js';

const Heard = Compile(
  Type.Object({
    next_heartbeat_seconds: Type.Number(),
    commands: Type.Array(Type.Object({ type: Type.String() })),
  }),
);

const MS = 1_000;

export interface HeartbeatOptions {
  readonly central: CentralClient;
  readonly intervalS: number | undefined;
  /** Body of a heartbeat (orchestrators.txt 7.2). */
  readonly body: () => object;
  /** After each one that was heard; `wasAway` when the one before was not. */
  readonly heard: (wasAway: boolean) => Promise<void>;
  readonly obey: (command: string) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Signs of life, and whether the central server answers them. */
export class Heartbeats {
  private isUp = false;

  constructor(private readonly options: HeartbeatOptions) {}

  get isCentralUp(): boolean {
    return this.isUp;
  }

  async run(): Promise<void> {
    const { clock, signal } = this.options;
    while (!signal.aborted) {
      const nextS = await this.beat();
      await waitFor(clock, nextS * MS, signal);
    }
  }

  /** Answers after how many seconds the next one is due. */
  private async beat(): Promise<number> {
    const { central, body, heard, obey, intervalS = HEARTBEAT_INTERVAL_S.usual, log } = this.options;
    try {
      const answer = await central.post(ROUTES.orchestratorsHeartbeat.path, body());
      const wasAway = !this.isUp;
      this.isUp = true;
      await heard(wasAway);
      if (!Heard.Check(answer)) return intervalS;
      for (const { type } of answer.commands) await obey(type);
      return answer.next_heartbeat_seconds;
    } catch (error) {
      this.isUp = false;
      log.warn('heartbeat_failed', { message: reasonOf(error) });
      return intervalS;
    }
  }
}
