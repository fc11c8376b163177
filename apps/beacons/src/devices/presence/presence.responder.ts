import { Controller } from '@nestjs/common';
import { BEACONS_REQUESTS } from '#libs/contracts';
import { Answers } from '#libs/jetstream';
import { DevicesSettings } from '../devices.settings.js';
import { maxPauseMs, offlineAfterMs } from './presence.policy.js';
import { PresenceRepository } from './presence.repository.js';

/** Hears from gateways that beacons can be heard. */
@Controller()
export class PresenceResponder {
  private readonly pauseMs: number;

  constructor(
    private readonly presence: PresenceRepository,
    { heartbeatSeconds, offlinePercent }: DevicesSettings,
  ) {
    this.pauseMs = maxPauseMs(offlineAfterMs(heartbeatSeconds, offlinePercent));
  }

  @Answers(BEACONS_REQUESTS.listening)
  async listening(): Promise<{ ok: true }> {
    await this.presence.listen(this.pauseMs);
    return { ok: true };
  }
}
