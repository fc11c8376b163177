import { Controller } from '@nestjs/common';
import {
  ROLLOUTS_REQUESTS,
  type RolloutAction,
  type RolloutDevicePage,
  type RolloutDeviceState,
  type RolloutDryRunDto,
  type RolloutDto,
  type RolloutPage,
  type RolloutRequest,
  type RolloutStatus,
} from '#libs/contracts';
import { Answers } from '#libs/jetstream';
import { RolloutDryRun } from './rollout.dry-run.js';
import { RolloutReader } from './rollout.reader.js';
import { type NewRolloutRequest, RolloutService } from './rollout.service.js';

interface Paging {
  readonly limit: number;
  readonly after?: string;
}

@Controller()
export class RolloutsResponder {
  constructor(
    private readonly rollouts: RolloutService,
    private readonly reader: RolloutReader,
    private readonly dryRuns: RolloutDryRun,
  ) {}

  @Answers(ROLLOUTS_REQUESTS.create)
  create(request: NewRolloutRequest): Promise<RolloutDto> {
    return this.rollouts.create(request);
  }

  @Answers(ROLLOUTS_REQUESTS.dryRun)
  dryRun({ request }: { request: RolloutRequest }): Promise<RolloutDryRunDto> {
    return this.dryRuns.run(request);
  }

  @Answers(ROLLOUTS_REQUESTS.list)
  list(query: Paging & { status?: RolloutStatus; firmware_id?: string }): Promise<RolloutPage> {
    return this.reader.list({ status: query.status ?? null, firmwareId: query.firmware_id ?? null }, query);
  }

  @Answers(ROLLOUTS_REQUESTS.get)
  get({ rollout_id }: { rollout_id: string }): Promise<RolloutDto> {
    return this.reader.get(rollout_id);
  }

  @Answers(ROLLOUTS_REQUESTS.devices)
  devices(
    query: Paging & { rollout_id: string; group?: number; state?: RolloutDeviceState },
  ): Promise<RolloutDevicePage> {
    return this.reader.page(query.rollout_id, query, query);
  }

  @Answers(ROLLOUTS_REQUESTS.act)
  act({ rollout_id, action, by }: { rollout_id: string; action: RolloutAction; by: string }): Promise<RolloutDto> {
    return this.rollouts.act(rollout_id, action, by);
  }
}
