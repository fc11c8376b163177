import { Module } from '@nestjs/common';
import { DeadLetterService } from './dead-letter.service.js';
import { DeadLetterStore } from './dead-letter.store.js';
import { DeadLettersController } from './dead-letters.controller.js';

@Module({ controllers: [DeadLettersController], providers: [DeadLetterService, DeadLetterStore] })
export class DeadLettersModule {}
