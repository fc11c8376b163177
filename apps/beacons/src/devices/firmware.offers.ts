import type { FirmwareOffer } from '#libs/contracts';

/** A beacon that asks what it should run. */
export interface OfferQuestion {
  readonly entityId: string;
  readonly beaconId: string;
  readonly deviceType: string;
  readonly hardwareRevision: string | null;
  readonly firmwareVersion: string | null;
  readonly target?: string;
}

/** Decides which firmware a beacon is offered. */
export abstract class FirmwareOffers {
  abstract offerFor(question: OfferQuestion): Promise<FirmwareOffer | null>;
}
