import { Controller } from '@nestjs/common';
import {
  FIRMWARE_REQUESTS,
  type FirmwareDto,
  type FirmwareLine,
  type FirmwarePage,
  type FirmwarePathDto,
  type FirmwareQuery,
} from '#libs/contracts';
import { Answers } from '#libs/jetstream';
import { type LinkOrigins, toFirmware } from './firmware.dto.js';
import { FirmwareSettings } from './firmware.settings.js';
import { ReleaseCatalogue } from './release.catalogue.js';

interface WithLinks {
  readonly public_url: string;
}

/** Answers which firmware there is. */
@Controller()
export class CatalogueResponder {
  constructor(
    private readonly catalogue: ReleaseCatalogue,
    private readonly settings: FirmwareSettings,
  ) {}

  @Answers(FIRMWARE_REQUESTS.latest)
  async latest(asked: WithLinks & FirmwareLine): Promise<FirmwareDto> {
    return toFirmware(await this.catalogue.latest(asked), this.origins(asked));
  }

  @Answers(FIRMWARE_REQUESTS.get)
  async get(asked: WithLinks & { firmware_id: string }): Promise<FirmwareDto> {
    return toFirmware(await this.catalogue.get(asked.firmware_id), this.origins(asked));
  }

  @Answers(FIRMWARE_REQUESTS.list)
  async list(asked: WithLinks & { query: FirmwareQuery }): Promise<FirmwarePage> {
    const { releases, next } = await this.catalogue.list(asked.query);
    return { items: releases.map((release) => toFirmware(release, this.origins(asked))), next };
  }

  @Answers(FIRMWARE_REQUESTS.path)
  async path(asked: WithLinks & FirmwareLine & { from: string; hardware?: string }): Promise<FirmwarePathDto> {
    const { target, device_type, channel, from, hardware } = asked;
    const path = await this.catalogue.path(asked, from, hardware ?? null);
    const steps = path.map((release) => {
      const { firmware_id, version, min_previous_version, download_url } = toFirmware(release, this.origins(asked));
      return { firmware_id, version, min_previous_version, download_url };
    });
    return { target, device_type, channel, from, reaches: steps.at(-1)?.version ?? null, steps };
  }

  private origins({ public_url }: WithLinks): LinkOrigins {
    return { publicUrl: public_url, cdnUrl: this.settings.cdnUrl };
  }
}
