import { Injectable } from '@nestjs/common';
import {
  isTokenId,
  MusterError,
  type RolloutDevicePage,
  type RolloutDeviceState,
  type RolloutDto,
  type RolloutPage,
} from '#libs/contracts';
import { toRolloutDeviceDto, toRolloutDto } from './rollout.dto.js';
import { type DevicePlace, type Rollout, RolloutRepository } from './rollout.repository.js';
import { rolloutNotFound } from './rollout.service.js';
import { RolloutDeviceRepository } from './rollout-device.repository.js';

interface Paging {
  readonly limit: number;
  readonly after?: string;
}

/** Rollouts and their devices, page by page. */
@Injectable()
export class RolloutReader {
  constructor(
    private readonly rollouts: RolloutRepository,
    private readonly devices: RolloutDeviceRepository,
  ) {}

  /** @throws MusterError `ROLLOUT_NOT_FOUND`. */
  async get(rolloutId: string): Promise<RolloutDto> {
    const rollout = await this.require(rolloutId);
    return toRolloutDto(rollout, await this.rollouts.counts([rolloutId]));
  }

  async list(
    filter: { readonly status: string | null; readonly firmwareId: string | null },
    { limit, after }: Paging,
  ): Promise<RolloutPage> {
    const place = after === undefined ? null : rolloutPlaceOf(after);
    const found = await this.rollouts.list(filter, place, limit + 1);
    const page = found.slice(0, limit);
    const counts = await this.rollouts.counts(page.map(({ rolloutId }) => rolloutId));
    const last = page.at(-1);
    return {
      rollouts: page.map((rollout) => toRolloutDto(rollout, counts)),
      next: last && found.length > limit ? cursorOf(last.createdAt.toISOString(), last.rolloutId) : null,
    };
  }

  /** `group` counts from 1. */
  async page(
    rolloutId: string,
    { group, state }: { readonly group?: number; readonly state?: RolloutDeviceState },
    { limit, after }: Paging,
  ): Promise<RolloutDevicePage> {
    await this.require(rolloutId);
    const filter = { group: group === undefined ? null : group - 1, state: state ?? null };
    const place = after === undefined ? null : devicePlaceOf(after);
    const found = await this.devices.page(rolloutId, filter, place, limit + 1);
    const page = found.slice(0, limit);
    const last = page.at(-1);
    return {
      devices: page.map(toRolloutDeviceDto),
      next: last && found.length > limit ? cursorOf(last.entityId, last.beaconId) : null,
    };
  }

  private async require(rolloutId: string): Promise<Rollout> {
    const rollout = await this.rollouts.find(rolloutId);
    if (!rollout) throw rolloutNotFound(rolloutId);
    return rollout;
  }
}

const cursorOf = (...parts: readonly string[]): string => Buffer.from(parts.join(' ')).toString('base64url');

const partsOf = (cursor: string): string[] => Buffer.from(cursor, 'base64url').toString().split(' ');

function rolloutPlaceOf(cursor: string): { createdAt: string; rolloutId: string } {
  const [createdAt = '', rolloutId = ''] = partsOf(cursor);
  const timeMs = Date.parse(createdAt);
  if (Number.isNaN(timeMs) || new Date(timeMs).toISOString() !== createdAt || !isTokenId(rolloutId)) throw invalid();
  return { createdAt, rolloutId };
}

function devicePlaceOf(cursor: string): DevicePlace {
  const [entityId = '', beaconId = ''] = partsOf(cursor);
  if (!isTokenId(entityId) || !isTokenId(beaconId)) throw invalid();
  return { entityId, beaconId };
}

const invalid = (): MusterError => new MusterError('CURSOR_INVALID', 'The cursor is not one of this list.');
