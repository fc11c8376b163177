import { ApiProperty } from '@nestjs/swagger';
import {
  PRESENCES,
  type DeviceCredentialsDto,
  type JsonObject,
  type Presence,
  type RobotDto,
  type RobotIdentitySummary,
  type RobotReportDto,
  type SettingsDeltaDto,
  type SnapshotDto,
} from '#libs/contracts';

const RECEIVED = { format: 'date-time', description: 'The broker’s clock.' } as const;
const INSTANT = { type: String, format: 'date-time', nullable: true } as const;
const TEXT = { type: String, nullable: true } as const;
const OBJECT = { type: 'object', additionalProperties: true } as const;
const ID = { example: 'RB-001' } as const;

export class RobotIdentityResponse implements RobotIdentitySummary {
  @ApiProperty({ ...TEXT, example: 'AMR-200' })
  model!: string | null;

  @ApiProperty({ ...TEXT, example: 'Acme' })
  vendor!: string | null;

  @ApiProperty({ ...TEXT, example: '1.4.2' })
  firmwareVersion!: string | null;

  @ApiProperty({ ...TEXT, example: 'SN-0001' })
  serialNumber!: string | null;
}

export class RobotResponse implements RobotDto {
  @ApiProperty(ID)
  robotId!: string;

  @ApiProperty({ example: 'Dock bot' })
  displayName!: string;

  @ApiProperty()
  isEnabled!: boolean;

  @ApiProperty({ type: [String], nullable: true, example: ['warehouse'] })
  tags!: readonly string[] | null;

  @ApiProperty(TEXT)
  notes!: string | null;

  @ApiProperty(TEXT)
  mapId!: string | null;

  @ApiProperty(TEXT)
  homeStationId!: string | null;

  @ApiProperty({ enum: PRESENCES })
  presence!: Presence;

  @ApiProperty({ ...INSTANT, description: 'Last sign of life, the broker’s clock.' })
  lastSeenAt!: string | null;

  @ApiProperty({ format: 'date-time' })
  createdAt!: string;

  @ApiProperty({ format: 'date-time' })
  updatedAt!: string;

  @ApiProperty({ type: RobotIdentityResponse, nullable: true })
  identity!: RobotIdentityResponse | null;

  @ApiProperty({ ...OBJECT, nullable: true, example: { commands: ['dock', 'move'], maxSpeedMps: 1.5 } })
  capability!: JsonObject | null;

  @ApiProperty({ ...OBJECT, nullable: true, example: { speed: 1.5 } })
  reportedSettings!: JsonObject | null;
}

export class RobotReportResponse implements RobotReportDto {
  @ApiProperty(ID)
  robotId!: string;

  @ApiProperty(RECEIVED)
  receivedAt!: string;

  @ApiProperty({ ...OBJECT, description: 'The payload as the robot sent it.', example: { state: 'IDLE' } })
  payload!: JsonObject;
}

export class SnapshotResponse extends RobotReportResponse implements SnapshotDto {
  @ApiProperty({ format: 'uuid' })
  snapshotId!: string;

  @ApiProperty({ description: 'SHA-256 of the payload’s canonical JSON, hex.' })
  contentHash!: string;

  @ApiProperty(TEXT)
  firmwareVersion!: string | null;
}

export class OkResponse {
  @ApiProperty({ enum: [true] })
  ok!: true;
}

export class SettingsDeltaResponse implements SettingsDeltaDto {
  @ApiProperty(ID)
  robotId!: string;

  @ApiProperty({ ...OBJECT, nullable: true, example: { speed: 2 } })
  desired!: JsonObject | null;

  @ApiProperty(INSTANT)
  desiredAt!: string | null;

  @ApiProperty({ description: 'Rises with every change of the desired settings.' })
  desiredVersion!: number;

  @ApiProperty({ ...OBJECT, nullable: true, example: { speed: 1.5 } })
  reported!: JsonObject | null;

  @ApiProperty(INSTANT)
  reportedAt!: string | null;

  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'object', properties: { desired: {}, reported: {} } },
    description: 'JSON pointer → both values.',
    example: { '/speed': { desired: 2, reported: 1.5 } },
  })
  delta!: SettingsDeltaDto['delta'];

  @ApiProperty()
  inSync!: boolean;
}

export class DeviceCredentialsResponse implements DeviceCredentialsDto {
  @ApiProperty(ID)
  robotId!: string;

  @ApiProperty({ description: 'Text of a NATS .creds file; shown this once.' })
  creds!: string;

  @ApiProperty({ type: [String], example: ['nats://127.0.0.1:4222'] })
  urls!: readonly string[];

  @ApiProperty({ example: '_INBOX_RB-001' })
  inboxPrefix!: string;

  @ApiProperty({ example: 'ROBOT_COMMANDS' })
  stream!: string;

  @ApiProperty({ example: 'robot_RB-001', description: 'Durable of its commands.' })
  consumer!: string;

  @ApiProperty({ example: 'settings_RB-001', description: 'Durable of its desired settings.' })
  settingsConsumer!: string;

  @ApiProperty({ format: 'date-time' })
  issuedAt!: string;
}

export class RobotTokenResponse {
  @ApiProperty(ID)
  robotId!: string;

  @ApiProperty({ description: 'Bearer token with the role robot; shown this once.' })
  token!: string;

  @ApiProperty({ format: 'date-time' })
  expires_at!: string;
}
