import { Module } from '@nestjs/common';
import { Importer } from './importer.js';
import { ImportsController } from './imports.controller.js';
import { ImportsSettings } from './imports.settings.js';
import { UploadIntake } from './upload.intake.js';

@Module({ controllers: [ImportsController], providers: [UploadIntake, Importer, ImportsSettings] })
export class ImportsEdgeModule {}
