import { Injectable } from '@nestjs/common';
import { type FirmwareLine, type FirmwareQuery, MAX_REPLY_BYTES, MusterError } from '#libs/contracts';
import { firmwareNotFound, invalidField } from './firmware.errors.js';
import { byVersionDescending, planPath, runsOn } from './release.planner.js';
import { type Release, ReleaseRepository } from './release.repository.js';
import { isVersion } from './version.js';

/** What a release takes in a reply beside its texts. */
const ROW_BYTES = 4_096;

export interface ReleasePage {
  readonly releases: readonly Release[];
  readonly next: string | null;
}

/** Reads releases. */
@Injectable()
export class ReleaseCatalogue {
  constructor(private readonly releases: ReleaseRepository) {}

  /** @throws MusterError `FIRMWARE_NOT_FOUND` */
  async get(firmwareId: string): Promise<Release> {
    const release = await this.releases.find(firmwareId);
    if (!release) throw firmwareNotFound({ firmware_id: firmwareId });
    return release;
  }

  /** The highest version of a line, which need not be the newest. @throws MusterError `FIRMWARE_NOT_FOUND` */
  async latest({ target, device_type, channel }: FirmwareLine): Promise<Release> {
    const line = { target, device_type, channel };
    const [highest] = byVersionDescending(await this.releases.offered(line));
    if (!highest) throw firmwareNotFound(line);
    return highest;
  }

  /** @throws MusterError `FIRMWARE_NOT_FOUND` when the line has no release at all, `VALIDATION_FAILED` */
  async path(line: FirmwareLine, from: string, hardware: string | null): Promise<Release[]> {
    if (!isVersion(from)) throw invalidField('from', 'must be a semantic version such as 0.1.2');
    const { target, device_type, channel } = line;
    const offered = await this.releases.offered(line);
    if (offered.length === 0) throw firmwareNotFound({ target, device_type, channel });
    return planPath(hardware === null ? offered : offered.filter((release) => runsOn(release, hardware)), from);
  }

  /** Newest first; with `latest_only` the highest version of each line alone. */
  async list(query: FirmwareQuery): Promise<ReleasePage> {
    const after = query.after === undefined ? undefined : parseCursor(query.after);
    if (query.latest_only === true) return this.listLatest(query, after);
    const rows = await this.releases.list(query, after);
    return toPage(rows, query.limit);
  }

  private async listLatest(query: FirmwareQuery, after: Position | undefined): Promise<ReleasePage> {
    const rows = await this.releases.latestCandidates(query);
    const highest = highestOfLines(rows);
    const sorted = highest.toSorted((a, b) => compare(positionOf(b), positionOf(a)));
    const rest = after ? sorted.filter((release) => compare(positionOf(release), after) < 0) : sorted;
    return toPage(rest, query.limit);
  }
}

interface Position {
  readonly releasedAt: Date;
  readonly firmwareId: string;
}

const positionOf = ({ releasedAt, firmwareId }: Release): Position => ({ releasedAt, firmwareId });

function compare(a: Position, b: Position): number {
  const byTime = a.releasedAt.getTime() - b.releasedAt.getTime();
  if (byTime !== 0) return byTime;
  return a.firmwareId < b.firmwareId ? -1 : Number(a.firmwareId > b.firmwareId);
}

function highestOfLines(releases: readonly Release[]): Release[] {
  const seen = new Set<string>();
  return byVersionDescending(releases).filter(({ target, deviceType, channel }) => {
    const line = `${target}/${deviceType}/${channel}`;
    return !seen.has(line) && seen.add(line);
  });
}

/** Cut where it is full, or where it would not fit into one reply. */
function toPage(rows: readonly Release[], limit: number): ReleasePage {
  const releases: Release[] = [];
  let sizeBytes = 0;
  for (const row of rows.slice(0, limit)) {
    sizeBytes += ROW_BYTES + Buffer.byteLength(JSON.stringify(row.dataJson));
    if (releases.length > 0 && sizeBytes > MAX_REPLY_BYTES) break;
    releases.push(row);
  }
  const last = releases.at(-1);
  return { releases, next: rows.length > releases.length && last ? toCursor(last) : null };
}

function toCursor({ releasedAt, firmwareId }: Release): string {
  return Buffer.from(`${releasedAt.toISOString()} ${firmwareId}`).toString('base64url');
}

function parseCursor(cursor: string): Position {
  const [instant = '', firmwareId] = Buffer.from(cursor, 'base64url').toString('utf8').split(' ');
  const releasedAt = new Date(instant);
  if (firmwareId !== undefined && !Number.isNaN(releasedAt.getTime())) return { releasedAt, firmwareId };
  throw new MusterError('CURSOR_INVALID', 'The cursor cannot be read. Start again without it.');
}
