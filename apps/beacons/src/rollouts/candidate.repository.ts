import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { DevicePlace } from './rollout.repository.js';

/** A registered beacon that a rollout may take in. */
export interface Candidate extends DevicePlace {
  readonly hardwareRevision: string | null;
  readonly firmwareVersion: string | null;
  readonly approved: boolean;
}

@Injectable()
export class CandidateRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** Beacons of the given entities, or of all, in the order of their places. */
  page(entityIds: readonly string[] | null, after: DevicePlace | null, limit: number): Promise<readonly Candidate[]> {
    return this.dataSource.query<readonly Candidate[]>(
      `SELECT "entityId", "beaconId", "hardwareRevision", "firmwareVersion", "approved" FROM "beacons"."devices"
       WHERE ($1::text[] IS NULL OR "entityId" = ANY($1)) AND ("entityId", "beaconId") > ($2, $3)
       ORDER BY "entityId", "beaconId" LIMIT $4`,
      [entityIds, after?.entityId ?? '', after?.beaconId ?? '', limit],
    );
  }
}
