import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { Dispatchability, RobotDto, RobotUpdate } from '#libs/contracts';
import { type RobotRow, SELECT_ROBOTS, toRobotDto } from './robot.dto.js';
import { Robot } from './robot.entity.js';
import { searchKey } from './search-key.js';

/** Reads robots in the order of their ids; ids without a row are left out. */
export async function findRobots(tx: EntityManager, robotIds: readonly string[]): Promise<readonly RobotDto[]> {
  const rows = await tx.query<readonly RobotRow[]>(
    `${SELECT_ROBOTS} WHERE r."robotId" = ANY($1::text[]) ORDER BY r."robotId"`,
    [robotIds],
  );
  return rows.map(toRobotDto);
}

/** Holds a robot's row until the end of the transaction; answers whether there is one. */
export async function lockRobot(tx: EntityManager, robotId: string): Promise<boolean> {
  const rows = await tx.query<readonly unknown[]>(
    `SELECT 1 FROM "robots"."robots" WHERE "robotId" = $1 FOR NO KEY UPDATE`,
    [robotId],
  );
  return rows.length > 0;
}

/** Changes what the update names; `null` clears, what is left out stays. */
export async function updateMetadata(tx: EntityManager, robotId: string, update: RobotUpdate): Promise<void> {
  const { displayName, isEnabled, tags, notes, mapId, homeStationId } = update;
  await tx.update(
    Robot,
    { robotId },
    {
      ...(displayName === undefined ? {} : { displayName, nameKey: searchKey(robotId, displayName) }),
      ...(isEnabled === undefined ? {} : { isEnabled }),
      ...(tags === undefined ? {} : { tagsJson: tags }),
      ...(notes === undefined ? {} : { notes }),
      ...(mapId === undefined ? {} : { mapId }),
      ...(homeStationId === undefined ? {} : { homeStationId }),
      updatedAt: () => 'now()',
    },
  );
}

@Injectable()
export class RobotRepository {
  constructor(private readonly dataSource: DataSource) {}

  async find(robotId: string): Promise<RobotDto | undefined> {
    const [robot] = await findRobots(this.dataSource.manager, [robotId]);
    return robot;
  }

  exists(robotId: string): Promise<boolean> {
    return this.dataSource.manager.existsBy(Robot, { robotId });
  }

  /** One answer per id, in the order asked. */
  async dispatchability(robotIds: readonly string[]): Promise<readonly Dispatchability[]> {
    const rows = await this.dataSource.query<readonly { robotId: string; isEnabled: boolean }[]>(
      `SELECT "robotId", "isEnabled" FROM "robots"."robots" WHERE "robotId" = ANY($1::text[])`,
      [robotIds],
    );
    const enabled = new Map(rows.map((row) => [row.robotId, row.isEnabled]));
    return robotIds.map((robotId) => ({
      robotId,
      exists: enabled.has(robotId),
      isEnabled: enabled.get(robotId) ?? false,
    }));
  }
}
