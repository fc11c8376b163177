import { Controller } from '@nestjs/common';
import {
  type CachedFirmwareDto,
  FIRMWARE_REQUESTS,
  type FirmwareDto,
  type FirmwareFileDto,
  type FirmwareKeyDto,
  type FirmwareReader,
  type FirmwareRelease,
  type StoredFile,
} from '#libs/contracts';
import { Answers } from '#libs/jetstream';
import { CachePromoter, CacheService } from './cache.service.js';
import { toFirmware } from './firmware.dto.js';
import { FirmwareSettings } from './firmware.settings.js';
import { ReleaseKeys } from './release.keys.js';
import { ReleasePublisher } from './release.publisher.js';

interface Published {
  readonly public_url: string;
  readonly by: string;
}

/** Answers about files: published, cached, promoted, downloaded. */
@Controller()
export class FirmwareResponder {
  private readonly cdnUrl: string | undefined;

  constructor(
    private readonly publisher: ReleasePublisher,
    private readonly promoter: CachePromoter,
    private readonly caches: CacheService,
    settings: FirmwareSettings,
  ) {
    this.cdnUrl = settings.cdnUrl;
  }

  @Answers(FIRMWARE_REQUESTS.publish)
  async publish(
    asked: Published & { release: FirmwareRelease; file: StoredFile },
  ): Promise<{ firmware: FirmwareDto; created: boolean }> {
    const { release, created } = await this.publisher.publish(asked);
    return { firmware: toFirmware(release, { publicUrl: asked.public_url, cdnUrl: this.cdnUrl }), created };
  }

  @Answers(FIRMWARE_REQUESTS.promote)
  async promote(
    asked: Published & { firmware_id: string; entity_id: string | null; release: FirmwareRelease },
  ): Promise<FirmwareDto> {
    return toFirmware(await this.promoter.promote(asked), { publicUrl: asked.public_url, cdnUrl: this.cdnUrl });
  }

  @Answers(FIRMWARE_REQUESTS.withdraw)
  async withdraw({
    firmware_id,
    by,
    public_url: publicUrl,
  }: Published & { firmware_id: string }): Promise<FirmwareDto> {
    return toFirmware(await this.publisher.withdraw(firmware_id, by), { publicUrl, cdnUrl: this.cdnUrl });
  }

  @Answers(FIRMWARE_REQUESTS.cache)
  cache(asked: {
    firmware_id: string;
    entity_id: string;
    target: string;
    file: StoredFile;
    by: string;
  }): Promise<{ answer: CachedFirmwareDto; kept: boolean }> {
    return this.caches.cache(asked);
  }

  @Answers(FIRMWARE_REQUESTS.file)
  file({ firmware_id, reader }: { firmware_id: string; reader: FirmwareReader }): Promise<FirmwareFileDto> {
    return this.caches.file(firmware_id, reader);
  }
}

/** Publishes the keys that firmware is signed with. */
@Controller()
export class FirmwareKeysResponder {
  constructor(private readonly releaseKeys: ReleaseKeys) {}

  @Answers(FIRMWARE_REQUESTS.keys)
  async keys(): Promise<{ keys: readonly FirmwareKeyDto[] }> {
    return { keys: await this.releaseKeys.published() };
  }
}
