import { Controller } from '@nestjs/common';
import {
  ORCHESTRATORS_REQUESTS,
  type HeartbeatAnswer,
  type OrchestratorCommand,
  type OrchestratorDto,
  type OrchestratorPage,
} from '#libs/contracts';
import { Answers } from '#libs/jetstream';
import { CommandService } from './command.service.js';
import { HeartbeatService, type HeartbeatRequest } from './heartbeat.service.js';
import { orchestratorNotFound } from './orchestrator-not-found.js';
import { OrchestratorRepository } from './orchestrator.repository.js';

@Controller()
export class OrchestratorsResponder {
  constructor(
    private readonly heartbeats: HeartbeatService,
    private readonly orchestrators: OrchestratorRepository,
    private readonly commands: CommandService,
  ) {}

  @Answers(ORCHESTRATORS_REQUESTS.heartbeat)
  heartbeat(request: HeartbeatRequest): Promise<HeartbeatAnswer> {
    return this.heartbeats.take(request);
  }

  @Answers(ORCHESTRATORS_REQUESTS.list)
  list({ limit, after }: { limit: number; after?: string }): Promise<OrchestratorPage> {
    return this.orchestrators.list(limit, after);
  }

  @Answers(ORCHESTRATORS_REQUESTS.get)
  async get({ entity_id }: { entity_id: string }): Promise<OrchestratorDto> {
    const orchestrator = await this.orchestrators.ofEntity(entity_id);
    if (!orchestrator) throw orchestratorNotFound(entity_id);
    return orchestrator;
  }

  @Answers(ORCHESTRATORS_REQUESTS.command)
  command({ entity_id, type, body }: CommandRequest): Promise<OrchestratorCommand> {
    return this.commands.queue(entity_id, type, body);
  }
}

interface CommandRequest {
  readonly entity_id: string;
  readonly type: string;
  readonly body: Readonly<Record<string, unknown>>;
}
