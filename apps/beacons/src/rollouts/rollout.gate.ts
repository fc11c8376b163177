import type { EntityManager } from 'typeorm';
import type { FirmwareReportDto, RolloutStrategy } from '#libs/contracts';

/** What decides about a release. */
export interface RolledFirmware {
  readonly firmwareId: string;
  readonly version: string;
  readonly strategy: RolloutStrategy;
}

/** A device that may be offered something. */
export interface OfferedDevice {
  readonly entityId: string;
  readonly beaconId: string;
  /** E.g. `esp32c3-rev3`; its first part is the target. */
  readonly hardwareRevision: string | null;
  readonly firmwareVersion: string | null;
}

/** Whether a release is for this device now; what `ROLLOUTS` binds decides. */
export abstract class RolloutGate {
  abstract admits(firmware: RolledFirmware, device: OfferedDevice): Promise<boolean>;
}

/** Is told of every report that moved an update on, in the transaction that stores it. */
export abstract class RolloutReports {
  abstract record(tx: EntityManager, report: FirmwareReportDto): Promise<void>;
}

/** Begins the rollout of a release in the transaction that publishes it; answers its id. */
export abstract class RolloutStarter {
  abstract start(tx: EntityManager, firmware: RolledFirmware): Promise<string | null>;
}
