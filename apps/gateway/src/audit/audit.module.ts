import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { AuditController } from './audit.controller.js';
import { AuditHook } from './audit.hook.js';
import { AuditRepository } from './audit.repository.js';
import { AuditSettings } from './audit.settings.js';
import { AuditSweep } from './audit.sweep.js';
import { AuditTrail } from './audit.trail.js';

/** Imports the module that builds the table. */
@Module({
  imports: [AuthModule],
  controllers: [AuditController],
  providers: [AuditHook, AuditTrail, AuditRepository, AuditSweep, AuditSettings],
  exports: [AuditTrail],
})
export class AuditModule {}
