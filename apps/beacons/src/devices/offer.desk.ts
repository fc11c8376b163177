import { Injectable } from '@nestjs/common';
import { type FirmwareOffer, type LatestFirmware, ORCHESTRATORS_REQUESTS } from '#libs/contracts';
import { RpcClient } from '#libs/jetstream';
import type { DeviceRow } from './device.row.js';
import { FirmwareOffers } from './firmware.offers.js';

const USUAL_ORIGIN = 'https://orchestrator.local';
const ADDRESS_TIMEOUT_MS = 2_000;

/** What a beacon is offered, and where it finds it. */
@Injectable()
export class OfferDesk {
  constructor(
    private readonly offers: FirmwareOffers,
    private readonly rpc: RpcClient,
  ) {}

  /** The firmware that a beacon should go to from the version that it has. */
  async offerFor(
    row: Pick<DeviceRow, 'entityId' | 'beaconId' | 'deviceType' | 'hardwareRevision' | 'firmwareVersion'>,
  ): Promise<FirmwareOffer | null> {
    const { entityId, beaconId, deviceType, hardwareRevision, firmwareVersion } = row;
    const offer = await this.offers.offerFor({ entityId, beaconId, deviceType, hardwareRevision, firmwareVersion });
    return offer && offer.version !== firmwareVersion ? offer : null;
  }

  /** The offered file on the entity's orchestrator (decision C28). */
  async download(entityId: string, { firmware_id, version }: FirmwareOffer): Promise<LatestFirmware> {
    const address = await this.rpc
      .ask(ORCHESTRATORS_REQUESTS.get, { entity_id: entityId }, ADDRESS_TIMEOUT_MS)
      .then((orchestrator) => orchestrator.local_address)
      .catch(() => '');
    return {
      firmware_id,
      version,
      download_url: `${originOf(address)}/firmwares/${encodeURIComponent(firmware_id)}/download`,
    };
  }
}

/** The address names the port of gRPC; beacons speak HTTPS on its host. */
export function originOf(localAddress: string): string {
  const host = URL.canParse(localAddress) ? new URL(localAddress).hostname : '';
  return host === '' ? USUAL_ORIGIN : `https://${host}`;
}
