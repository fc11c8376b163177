import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { MusterError, ROBOT_EVENTS, robotEventSubject, type RobotDto, type RobotUpdate } from '#libs/contracts';
import { isDataError } from '#libs/database';
import { enqueue } from '../robots.outbox.js';
import { Outbox } from '#libs/outbox';
import { RobotPublisher } from '../robot.publisher.js';
import { MetadataForwarder } from './metadata.forwarder.js';
import { findRobots, lockRobot, updateMetadata } from './robot.repository.js';
import { robotNotFound } from './robot-not-found.js';

/** Changes what people decide about a robot; nothing here counts as a sign of life. */
@Injectable()
export class MetadataService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly outbox: Outbox,
    private readonly publisher: RobotPublisher,
    private readonly forwarder: MetadataForwarder,
  ) {}

  /** Omitted fields stay, `null` clears. @throws MusterError `ROBOT_NOT_FOUND`, `VALIDATION_FAILED` */
  async update(robotId: string, update: RobotUpdate, by: string): Promise<RobotDto> {
    const robot = await this.store(robotId, update);
    this.outbox.kick();
    if (update.isEnabled !== undefined) this.publisher.dispatchabilityChanged(robotId);
    void this.forwarder.forward(robot, update, by);
    return robot;
  }

  private async store(robotId: string, update: RobotUpdate): Promise<RobotDto> {
    try {
      return await this.dataSource.transaction((tx) => change(tx, robotId, update));
    } catch (error) {
      if (!isDataError(error)) throw error;
      const message = 'The metadata holds characters that cannot be stored, such as U+0000.';
      throw new MusterError('VALIDATION_FAILED', message, { robotId }, { cause: error });
    }
  }
}

async function change(tx: EntityManager, robotId: string, update: RobotUpdate): Promise<RobotDto> {
  if (!(await lockRobot(tx, robotId))) throw robotNotFound(robotId);
  await updateMetadata(tx, robotId, update);
  const [robot] = await findRobots(tx, [robotId]);
  if (!robot) throw robotNotFound(robotId);
  const { event } = ROBOT_EVENTS.metaUpdated;
  const subject = robotEventSubject(robotId, event);
  await enqueue(tx, [{ subject, messageId: `${robotId}:${event}:${crypto.randomUUID()}`, body: robot }]);
  return robot;
}
