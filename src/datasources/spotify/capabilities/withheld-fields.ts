import { propertyOf } from '../../../json.ts';
import type { Entity } from '../kinds/kind.ts';
import type { CapabilityPolicy } from './policy.ts';
import type { Rejections } from './rejections.ts';

/** @returns a function that learns from an object which fields come with a full one */
export const createObserve =
  ({ withheldFields, perOwnerFeatures }: CapabilityPolicy, rejections: Rejections) =>
  (object: Entity): void => {
    const fields = withheldFields[object.kind] ?? [];
    if (!object.full || fields.length === 0) return;
    const isMissing = (field: string): boolean => fieldOf(object, field) === undefined;
    // An object that lacks all of them has the form of development mode; one that lacks some may be an exception.
    const isConclusive = fields.every(isMissing);
    for (const field of fields) {
      if (!isMissing(field)) {
        rejections.confirm(field, true);
        continue;
      }
      const differsByObject = !isConclusive || perOwnerFeatures.includes(field);
      rejections.addFeatureRejection(field, {
        object: object.id,
        isExplicit: false,
        isConclusive,
        differsByObject,
      });
    }
    if (isConclusive) rejections.giveUpRejectedFeatures();
  };

/** The value of a field such as `Album.label`; undefined if Spotify did not send it. */
const fieldOf = (object: Entity, field: string): unknown =>
  propertyOf(object, field.slice(field.indexOf('.') + 1));
