import { Injectable, Logger } from '@nestjs/common';
import { COMMANDS_REQUESTS, type RobotDto, type RobotUpdate } from '#libs/contracts';
import { RpcClient } from '#libs/jetstream';
import { RobotsSettings } from '../robots.settings.js';

const METADATA_COMMAND = 'update_metadata';

/** Tells a robot what people changed about it, where that is wished (ROB-006). */
@Injectable()
export class MetadataForwarder {
  private readonly logger = new Logger('Metadata');

  constructor(
    private readonly rpc: RpcClient,
    private readonly settings: RobotsSettings,
  ) {}

  /** Never fails: the change is made whether or not the robot is told; it is ours, not the robot's. */
  async forward({ robotId, updatedAt }: RobotDto, update: RobotUpdate, by: string): Promise<void> {
    if (!this.settings.forwardMetadata) return;
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
