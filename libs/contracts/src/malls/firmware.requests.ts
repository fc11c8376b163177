import type {
  CachedFirmwareDto,
  FirmwareDto,
  FirmwareFileDto,
  FirmwareKeyDto,
  FirmwareLine,
  FirmwarePage,
  FirmwarePathDto,
  FirmwareQuery,
  FirmwareRelease,
  FirmwareReport,
  FirmwareReportDto,
  StoredFile,
} from './firmware.dto.js';
import { request } from '../requests.js';

interface OfFirmware {
  readonly firmware_id: string;
}

/** The origin that links in the answer begin with, e.g. `https://server.navign.com`. */
interface WithLinks {
  readonly public_url: string;
}

/** Whose private files are seen beside everybody's: one entity's, nobody's, or all of them. */
export interface FirmwareReader {
  readonly entity_id: string | null;
  readonly sees_all: boolean;
}

export const FIRMWARE_REQUESTS = {
  /** The file is in the object store already; `created` is false when the same release was there. */
  publish: request<
    WithLinks & { release: FirmwareRelease; file: StoredFile; by: string },
    { firmware: FirmwareDto; created: boolean }
  >('rpc.beacons.firmware.publish'),
  /** `kept` is false when the platform has the file already and the object is of no use. */
  cache: request<
    OfFirmware & { entity_id: string; target: string; file: StoredFile; by: string },
    { answer: CachedFirmwareDto; kept: boolean }
  >('rpc.beacons.firmware.cache'),
  /** Offers a file that an entity cached to everybody. */
  promote: request<
    WithLinks & OfFirmware & { entity_id: string | null; release: FirmwareRelease; by: string },
    FirmwareDto
  >('rpc.beacons.firmware.promote'),
  withdraw: request<WithLinks & OfFirmware & { by: string }, FirmwareDto>('rpc.beacons.firmware.withdraw'),
  latest: request<WithLinks & FirmwareLine, FirmwareDto>('rpc.beacons.firmware.latest'),
  get: request<WithLinks & OfFirmware, FirmwareDto>('rpc.beacons.firmware.get'),
  list: request<WithLinks & { query: FirmwareQuery }, FirmwarePage>('rpc.beacons.firmware.list'),
  path: request<WithLinks & FirmwareLine & { from: string; hardware?: string }, FirmwarePathDto>(
    'rpc.beacons.firmware.path',
  ),
  file: request<OfFirmware & { reader: FirmwareReader }, FirmwareFileDto>('rpc.beacons.firmware.file'),
  keys: request<Record<string, never>, { keys: readonly FirmwareKeyDto[] }>('rpc.beacons.firmware.keys'),
  report: request<{ entity_id: string; report: FirmwareReport }, { acknowledged: true; beacon_id: string }>(
    'rpc.beacons.firmware.report',
  ),
  reports: request<
    OfFirmware & { entity_id?: string; beacon_id?: string; limit: number; after?: string },
    { items: readonly FirmwareReportDto[]; next: string | null }
  >('rpc.beacons.firmware.reports'),
} as const;
