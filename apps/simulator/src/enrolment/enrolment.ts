import { setTimeout as delay } from 'node:timers/promises';
import { type Log, reasonOf } from '../log.js';
import { DurableMissingError } from '../robot/intake.js';
import { CredentialsRefusedError, type RobotCredentials } from '../robot/link.js';
import type { SimulatedRobot } from '../robot/simulated-robot.js';
import type { CredentialStore } from './credential.store.js';
import type { GatewayClient } from './gateway.client.js';

const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 15_000;

/** Gets a robot onto the broker: with the credentials it has, else with new ones. */
export class Enrolment {
  constructor(
    private readonly gateway: Pick<GatewayClient, 'issueCredentials'>,
    private readonly store: Pick<CredentialStore, 'load' | 'save' | 'forget'>,
    private readonly log: Log,
    private readonly signal: AbortSignal,
  ) {}

  /** Tries until it works, is refused for good, or the signal is aborted. @param make builds the robot with the credentials to try */
  async enrol(robotId: string, make: (credentials: RobotCredentials) => SimulatedRobot): Promise<SimulatedRobot> {
    const kept = this.store.load(robotId);
    return (kept && (await this.tryKept(robotId, make(kept)))) ?? this.enrolAnew(robotId, make);
  }

  private async tryKept(robotId: string, robot: SimulatedRobot): Promise<SimulatedRobot | undefined> {
    try {
      await robot.start();
      return robot;
    } catch (error) {
      // Also when the broker is only somewhere else now: the gateway knows where.
      this.log.info('credentials_outdated', { robot_id: robotId, message: reasonOf(error) });
      this.store.forget(robotId);
      await robot.stop();
      return undefined;
    }
  }

  private async enrolAnew(
    robotId: string,
    make: (credentials: RobotCredentials) => SimulatedRobot,
  ): Promise<SimulatedRobot> {
    const credentials = await this.gateway.issueCredentials(robotId);
    this.store.save(robotId, credentials);
    for (let failures = 0; ; failures++) {
      const robot = make(credentials);
      try {
        await robot.start();
        return robot;
      } catch (error) {
        await robot.stop();
        if (isFinal(error)) throw error;
        this.log.warn('robot_not_connected', { robot_id: robotId, message: reasonOf(error) });
      }
      await delay(Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** failures), undefined, { signal: this.signal });
    }
  }
}

function isFinal(error: unknown): boolean {
  return error instanceof CredentialsRefusedError || error instanceof DurableMissingError;
}
