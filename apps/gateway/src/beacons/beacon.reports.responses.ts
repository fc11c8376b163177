import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  type AccessLogReceipt,
  type BeaconCommand,
  type BeaconHeartbeatAnswer,
  type BeaconRegistered,
  FIRMWARE_PRIORITIES,
  type FirmwarePriority,
  type LatestFirmware,
} from '#libs/contracts';

export class LatestFirmwareResponse implements LatestFirmware {
  @ApiProperty({ example: 'fw-beacon-v020' })
  firmware_id!: string;

  @ApiProperty({ example: '0.2.0' })
  version!: string;

  @ApiProperty({ example: 'https://orchestrator.local/firmwares/fw-beacon-v020/download' })
  download_url!: string;
}

export class BeaconRegisteredResponse implements BeaconRegistered {
  @ApiProperty({ example: 'beacon-gate-5' })
  beacon_id!: string;

  @ApiProperty({ example: 'mall-a-uuid' })
  entity_id!: string;

  @ApiProperty()
  approved!: boolean;

  @ApiProperty({ example: 3_600 })
  sync_interval_seconds!: number;

  @ApiProperty()
  firmware_update_available!: boolean;

  @ApiProperty({ type: LatestFirmwareResponse, nullable: true })
  latest_firmware!: LatestFirmwareResponse | null;
}

export class BeaconCommandResponse implements BeaconCommand {
  [parameter: string]: unknown;

  @ApiProperty({ example: 'firmware_update' })
  type!: string;

  @ApiPropertyOptional({ format: 'uuid', description: 'Of a queued command: the same whenever it is repeated.' })
  command_id?: string;

  @ApiPropertyOptional({ example: 'fw-beacon-v021' })
  firmware_id?: string;

  @ApiPropertyOptional({ enum: FIRMWARE_PRIORITIES })
  priority?: FirmwarePriority;
}

export class BeaconHeartbeatResponse implements BeaconHeartbeatAnswer {
  @ApiProperty({ example: true })
  acknowledged!: true;

  @ApiProperty({ example: 3_600 })
  next_heartbeat_seconds!: number;

  @ApiProperty({ type: [BeaconCommandResponse] })
  commands!: readonly BeaconCommandResponse[];
}

export class AccessLogReceiptResponse implements AccessLogReceipt {
  @ApiProperty({ example: true })
  acknowledged!: true;

  @ApiProperty({ example: 'batch-001' })
  batch_id!: string;

  @ApiProperty({ example: 2 })
  stored!: number;

  @ApiProperty({ example: 0 })
  duplicates!: number;
}
