import 'reflect-metadata';
import { runService } from '#libs/platform';
import { RobotsModule } from './robots.module.js';

await runService({ name: 'robots', module: RobotsModule });
