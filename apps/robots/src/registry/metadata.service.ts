import { Injectable, Logger } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import {
  COMMANDS_REQUESTS,
  MusterError,
  ROBOT_EVENTS,
  robotEventSubject,
  type RobotDto,
  type RobotUpdate,
} from '#libs/contracts';
import { isDataError } from '#libs/database';
import { RpcClient } from '#libs/jetstream';
import { enqueue } from '../outbox/outbox.repository.js';
import { OutboxSweeper } from '../outbox/outbox.sweeper.js';
import { RobotsSettings } from '../robots.settings.js';
import { findRobots, lockRobot, updateMetadata } from './robot.repository.js';
import { robotNotFound } from './robot-not-found.js';

const METADATA_COMMAND = 'update_metadata';

/** Changes what people decide about a robot; nothing here counts as a sign of life. */
@Injectable()
export class MetadataService {
  private readonly logger = new Logger('Metadata');

  constructor(
    private readonly dataSource: DataSource,
    private readonly outbox: OutboxSweeper,
    private readonly rpc: RpcClient,
    private readonly settings: RobotsSettings,
  ) {}

  /** Omitted fields stay, `null` clears. @throws MusterError `ROBOT_NOT_FOUND`, `VALIDATION_FAILED` */
  async update(robotId: string, update: RobotUpdate, by: string): Promise<RobotDto> {
    const robot = await this.store(robotId, update);
    this.outbox.kick();
    if (this.settings.forwardMetadata) void this.forward(robot, update, by);
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

  /** The change is made whether or not the robot is told: it is ours, not the robot's. */
  private async forward(robot: RobotDto, update: RobotUpdate, by: string): Promise<void> {
    const { robotId, updatedAt } = robot;
    try {
      await this.rpc.ask(COMMANDS_REQUESTS.send, {
        robotId,
        request: { commandType: METADATA_COMMAND, payload: { ...update } },
        requester: { by, userId: null },
        idempotencyKey: `metadata:${robotId}:${updatedAt}`,
      });
    } catch (error) {
      this.logger.warn({ event: 'metadata_not_forwarded', robotId, error });
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
