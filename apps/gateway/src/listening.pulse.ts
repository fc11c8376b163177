import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { BEACONS_REQUESTS, ORCHESTRATORS_REQUESTS } from '#libs/contracts';
import { RpcClient } from '#libs/jetstream';
import { Ticker } from '#libs/platform';

/** Services that judge by the silence of devices whose heartbeats come through here. */
const JUDGES = [ORCHESTRATORS_REQUESTS.listening, BEACONS_REQUESTS.listening] as const;
/** Several a gap that they still call unbroken. */
const EVERY_MS = 3_000;
const TIMEOUT_MS = 2_000;

/** Tells them, by the way that heartbeats take, that heartbeats could be heard: else nobody may be declared offline. */
@Injectable()
export class ListeningPulse implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly ticker = new Ticker('ListeningPulse', EVERY_MS, () => this.tell());

  constructor(private readonly rpc: RpcClient) {}

  onApplicationBootstrap(): void {
    this.ticker.start();
    this.ticker.kick();
  }

  async onModuleDestroy(): Promise<void> {
    await this.ticker.stop();
  }

  /** Silent about failures: a service that is away, or not up yet, shows at the routes that need it and in the health. */
  private async tell(): Promise<boolean> {
    await Promise.all(JUDGES.map((judge) => this.rpc.ask(judge, {}, TIMEOUT_MS).catch(() => undefined)));
    return false;
  }
}
