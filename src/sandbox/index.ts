export type { SandboxCall } from './calls.ts';
export { type Catalogue, createCatalogue } from './catalogue/catalogue.ts';
export type {
  Album,
  AlbumGroup,
  Artist,
  Audiobook,
  Chapter,
  ChapterSlot,
  Episode,
  EpisodeSlot,
  Image,
  Playlist,
  PlaylistSlot,
  Show,
  Slot,
  Track,
  User,
} from './catalogue/model.ts';
export type { Faults } from './faults/faults.ts';
export type { Edit, Fault, FaultRule, FaultTarget } from './faults/rule.ts';
export { type PresetName, presetNames } from './presets.ts';
export type { QuotaMode } from './quota-mode.ts';
export { type Sandbox, type SandboxOptions, startSandbox } from './sandbox.ts';
