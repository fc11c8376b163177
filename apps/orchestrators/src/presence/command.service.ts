import { Injectable } from '@nestjs/common';
import { MusterError, type OrchestratorCommand } from '#libs/contracts';
import { CommandRepository } from './command.repository.js';
import { orchestratorNotFound } from './orchestrator-not-found.js';
import { OrchestratorRepository } from './orchestrator.repository.js';

/** An orchestrator that takes nothing must not fill the table. */
const MAX_WAITING = 200;

/** Queues what people want an orchestrator to do. */
@Injectable()
export class CommandService {
  constructor(
    private readonly orchestrators: OrchestratorRepository,
    private readonly commands: CommandRepository,
  ) {}

  /** @throws MusterError `ORCHESTRATOR_NOT_FOUND`, or `OVERLOADED` when too many wait already. */
  async queue(entityId: string, type: string, body: Readonly<Record<string, unknown>>): Promise<OrchestratorCommand> {
    const orchestrator = await this.orchestrators.ofEntity(entityId);
    if (!orchestrator?.is_active) throw orchestratorNotFound(entityId);
    const { assigned_id: assignedId } = orchestrator;
    if ((await this.commands.count(assignedId)) >= MAX_WAITING) {
      throw new MusterError('OVERLOADED', `${MAX_WAITING} commands wait for this orchestrator already.`);
    }
    return this.commands.add({ assignedId, type, body });
  }
}
