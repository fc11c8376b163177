import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { MusterError } from '#libs/contracts';
import { Registrar } from '../registry/registrar.js';
import { robotNotFound } from '../registry/robot-not-found.js';
import { lockRobot } from '../registry/robot.repository.js';
import { BrokerAccount } from './broker.account.js';
import { addCredential, revokeCredentials } from './credential.repository.js';
import { RobotDurables } from './robot.durables.js';

/** Credentials as they are handed out; the secret in `creds` is stored nowhere. */
export interface IssuedCredentials {
  readonly creds: string;
  readonly issuedAt: Date;
}

/**
 * Lets robots in and out. The durables outlive a revocation: they know what the robot has taken, which must not come again
 * with its next credentials.
 */
@Injectable()
export class CredentialService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly registrar: Registrar,
    private readonly account: BrokerAccount,
    private readonly durables: RobotDurables,
  ) {}

  /** For credentials that somebody else issues. */
  enrol(robotId: string): Promise<void> {
    return this.registrar.enrol(robotId);
  }

  /** Enrols an unknown robot. Credentials issued before stay good. */
  async issue(robotId: string, by: string): Promise<IssuedCredentials> {
    const { creds, userId } = await this.account.mintRobot(robotId);
    await this.registrar.enrol(robotId);
    await this.durables.provision(robotId);
    return { creds, issuedAt: await addCredential(this.dataSource.manager, { userId, robotId, by }) };
  }

  /** Revokes all that the robot has; the broker is told by whoever calls `RevocationSweeper.pushNow()`. */
  async revoke(robotId: string, by: string): Promise<number> {
    return this.dataSource.transaction(async (tx) => {
      if (!(await lockRobot(tx, robotId))) throw robotNotFound(robotId);
      const revoked = await revokeCredentials(tx, robotId, by);
      if (revoked === 0) {
        throw new MusterError('CREDENTIALS_NOT_FOUND', `Robot ${robotId} has no valid credentials.`, { robotId });
      }
      return revoked;
    });
  }
}
