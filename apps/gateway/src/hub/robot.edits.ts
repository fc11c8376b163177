import { Injectable } from '@nestjs/common';
import type { Principal } from '#libs/auth';
import { ROBOTS_REQUESTS, type RobotDto } from '#libs/contracts';
import { RpcClient } from '#libs/jetstream';
import { LiveEngine } from '../live/live.engine.js';
import { liveGroupOf } from '../live/robot.groups.js';
import { requesterOf } from '../http/requester.js';
import { readRobotUpdate } from '../robots/robot.update.js';

/** Metadata edits from the hub: the same check, service and event as by REST (ROB-005, decision B14). */
@Injectable()
export class RobotEdits {
  constructor(
    private readonly rpc: RpcClient,
    private readonly engine: LiveEngine,
  ) {}

  /** Answers the updated robot, and a cursor from which its group replays the edit's own event. */
  async update(
    { robotId, fields }: { robotId: string; fields: object },
    principal: Principal,
  ): Promise<{ eventId: string; robot: RobotDto }> {
    const update = await readRobotUpdate(fields);
    const eventId = await this.engine.cursorOf(liveGroupOf({ kind: 'robot', robotId }));
    const { by } = requesterOf(principal);
    return { eventId, robot: await this.rpc.ask(ROBOTS_REQUESTS.update, { robotId, update, by }) };
  }
}
