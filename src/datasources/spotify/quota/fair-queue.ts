import { getOrCreate } from '../../../maps.ts';

/**
 * - `taken`: the item leaves the queue, and the turn of its owner is over
 * - `dropped`: the item leaves the queue, and its owner still has the turn
 * - `kept`: the item stays in the queue
 * - `stop`: no item can be taken now
 */
export type Offer = 'taken' | 'dropped' | 'kept' | 'stop';

/**
 * A queue in which owners take turns: one item of each owner, then the next item of each. The items of one owner keep
 * their order, and an owner that joins waits for at most one turn of each other owner.
 */
export function createFairQueue<T>() {
  const queues = new Map<unknown, T[]>(); // by owner, in the order of their turns
  let size = 0;

  /** Offers the items of one owner from an index on. Returns the index of the next item to offer; null to stop. */
  function takeTurn(owner: unknown, items: T[], from: number, offer: (item: T) => Offer): number | null {
    let index = from;
    while (index < items.length) {
      const result = offer(items[index] as T);
      if (result === 'stop') return null;
      if (result === 'kept') {
        index += 1;
        continue;
      }
      items.splice(index, 1);
      size -= 1;
      if (result === 'taken') {
        queues.delete(owner); // inserted again, its turn comes last
        queues.set(owner, items);
        break;
      }
    }
    if (items.length === 0) queues.delete(owner);
    return index;
  }

  const push = (owner: unknown, item: T) => void getOrCreate(queues, owner, () => []).push(item);

  return {
    size: (): number => size,
    add(owner: unknown, item: T): void {
      push(owner, item);
      size += 1;
    },
    /** Moves the item to the queue of `other` if the item gets its turn sooner there. Returns whether the item has moved. */
    moveForward(item: T, owner: unknown, other: unknown): boolean {
      const items = queues.get(owner) ?? [];
      const index = items.indexOf(item); // equals the number of rounds before the turn of the item
      if (index <= (queues.get(other)?.length ?? 0)) return false;
      items.splice(index, 1);
      push(other, item);
      return true;
    },
    /** Offers items in turn until `offer` returns 'stop' or has seen every item that stays. */
    drain(offer: (item: T) => Offer): void {
      let round = Array.from(queues, ([owner, items]) => ({ owner, items, next: 0 }));
      while (round.length > 0) {
        for (const turn of round) {
          const next = takeTurn(turn.owner, turn.items, turn.next, offer);
          if (next === null) return;
          turn.next = next;
        }
        round = round.filter(({ items, next }) => next < items.length);
      }
    },
  };
}
