import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { type JsonObject, MusterError, PAYLOAD_VERSION, ROBOT_MESSAGES, robotSubject } from '#libs/contracts';
import { isDataError } from '#libs/database';
import { enqueue, supersede } from '../robots.outbox.js';
import { Outbox } from '#libs/outbox';
import { robotNotFound } from '../registry/robot-not-found.js';
import { lockRobot } from '../registry/robot.repository.js';
import { settingsSchemaOf, storeDesired } from './desired.repository.js';
import { requireDesiredSize, requireSchema } from './settings.check.js';

/** One request for settings. */
export interface DesiredRequest {
  readonly robotId: string;
  readonly payload: JsonObject;
  readonly by: string;
}

/** Takes the settings that people want and sends them to the robot; what it applied it will report itself. */
@Injectable()
export class DesiredService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly outbox: Outbox,
  ) {}

  /**
   * Returns once the settings are stored together with the message that tells the robot.
   * @throws MusterError `ROBOT_NOT_FOUND`, `PAYLOAD_TOO_LARGE`, `VALIDATION_FAILED`
   */
  async set(request: DesiredRequest): Promise<void> {
    requireDesiredSize(request.robotId, request.payload);
    try {
      await this.dataSource.transaction((tx) => store(tx, request));
    } catch (error) {
      if (!isDataError(error)) throw error;
      const message = 'The desired settings hold what cannot be stored, such as U+0000.';
      throw new MusterError('VALIDATION_FAILED', message, { robotId: request.robotId }, { cause: error });
    }
    this.outbox.kick();
  }
}

/** Replaced settings that were not sent yet are dropped: a robot never receives them after their successor. */
async function store(tx: EntityManager, { robotId, payload, by }: DesiredRequest): Promise<void> {
  if (!(await lockRobot(tx, robotId))) throw robotNotFound(robotId);
  requireSchema(robotId, await settingsSchemaOf(tx, robotId), payload);
  const requestedAt = new Date();
  const desiredVersion = await storeDesired(tx, robotId, { payload, requestedBy: by, requestedAt });
  const { subject: template, type } = ROBOT_MESSAGES.settingsDesired;
  const subject = robotSubject(template, robotId);
  const messageId = crypto.randomUUID();
  const sentAt = requestedAt.toISOString();
  const body = {
    payloadVersion: PAYLOAD_VERSION,
    messageId,
    robotId,
    sentAt,
    correlationId: null,
    type,
    desiredVersion,
    payload,
  };
  await supersede(tx, subject);
  await enqueue(tx, [{ subject, messageId: `${robotId}:${type}:${messageId}`, body }]);
}
