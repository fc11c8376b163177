import { Module } from '@nestjs/common';
import { BrokerConnection, FileBucket } from '#libs/jetstream';
import { BatchTypesModule } from '../batch/batch-types.module.js';
import { PublicUrl, PublicUrlSettings } from '../http/public.url.js';
import { CacheUploadController } from './cache-upload.controller.js';
import { DownloadController } from './download.controller.js';
import { FileReceiver } from './file.receiver.js';
import { FileSender } from './file.sender.js';
import { FirmwareController } from './firmware.controller.js';
import { FirmwareDisk } from './firmware.disk.js';
import { FirmwareEdgeSettings } from './firmware-edge.settings.js';
import { PublishingController } from './publishing.controller.js';
import { FirmwareStatusController } from './status.controller.js';

const FILES = {
  provide: FileBucket,
  inject: [BrokerConnection],
  useFactory: (broker: BrokerConnection) => new FileBucket(broker, 'FIRMWARE'),
};

@Module({
  imports: [BatchTypesModule],
  controllers: [
    PublishingController,
    CacheUploadController,
    DownloadController,
    FirmwareController,
    FirmwareStatusController,
  ],
  providers: [FirmwareEdgeSettings, FileReceiver, FileSender, FirmwareDisk, PublicUrl, PublicUrlSettings, FILES],
})
export class FirmwareEdgeModule {}
