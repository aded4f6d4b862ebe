// Events of timelines, newest first.

import { type ReactNode } from 'react';

import type { TimelineEventKind } from '../api/gen/graphql';
import { Icon, type IconName } from '../ui/Icon';
import { CreatedBy } from './CreatedBy';
import styles from './EventList.module.css';
import { KeyName } from './KeyName';
import { Text } from './Text';

export interface Event {
  id: string;
  kind: TimelineEventKind;
  createdAt: string;
  createdBy?: string | null;
  alias?: string | null;
  tags: string[];
  keys: { card?: string | null; key: string }[];
  entryCount?: number | null;
  reason?: string | null;
}

const icons: Record<TimelineEventKind, IconName> = {
  VERSION_CREATED: 'box',
  ALIAS_SET: 'tag',
  ALIAS_REMOVED: 'tag',
  TAG_ADDED: 'tag',
  TAG_REMOVED: 'tag',
  METADATA_LOGGED: 'pencil',
  METADATA_RETRACTED: 'undo',
  METADATA_ERASED: 'close',
  VERSION_DELETED: 'close',
  ARTIFACT_DELETED: 'close',
  PIPELINE_RUN_STARTED: 'run',
  PIPELINE_RUN_FINISHED: 'check',
  PIPELINE_RUN_DELETED: 'close',
};

/** Shows events. `describe` adds the object of an event, where a list has events of several objects. */
export function EventList<E extends Event>({ events, describe }: { events: readonly E[]; describe?(event: E): ReactNode }) {
  return (
    <ol className={styles.events}>
      {events.map((event) => (
        <li key={event.id} className={styles.event}>
          <EventIcon kind={event.kind} />
          <div className={styles.text}>
            <p>
              {describe?.(event)}
              <EventDescription event={event} />
            </p>
            {event.reason && (
              <p className={styles.reason}>
                <Text text={event.reason} />
              </p>
            )}
            <p className={styles.aside}>
              <CreatedBy instant={event.createdAt} by={event.createdBy} />
            </p>
          </div>
        </li>
      ))}
    </ol>
  );
}

/** Shows the kind of an event as a mark. */
export function EventIcon({ kind }: { kind: TimelineEventKind }) {
  return (
    <span className={styles.icon}>
      <Icon name={icons[kind] ?? 'clock'} size={13} />
    </span>
  );
}

/** Says what happened, without the object. */
export function EventDescription({ event }: { event: Event }) {
  const names = event.tags.join(', ');
  switch (event.kind) {
    case 'VERSION_CREATED':
      return 'Version created';
    case 'VERSION_DELETED':
      return 'Version deleted';
    case 'ARTIFACT_DELETED':
      return 'Artifact deleted';
    case 'ALIAS_SET':
      return <>Alias <Name text={event.alias} /> set</>;
    case 'ALIAS_REMOVED':
      return <>Alias <Name text={event.alias} /> removed</>;
    case 'TAG_ADDED':
      return <>Tagged <Name text={names} /></>;
    case 'TAG_REMOVED':
      return <>Tag <Name text={names} /> removed</>;
    case 'METADATA_LOGGED':
      return <>Logged <Keys event={event} /></>;
    case 'METADATA_RETRACTED':
      return <>Retracted <Keys event={event} /></>;
    case 'METADATA_ERASED':
      return <>Erased <Keys event={event} /></>;
    case 'PIPELINE_RUN_STARTED':
      return 'Run started';
    case 'PIPELINE_RUN_FINISHED':
      return 'Run finished';
    case 'PIPELINE_RUN_DELETED':
      return 'Run deleted';
    default:
      return String(event.kind).toLowerCase().replaceAll('_', ' ');
  }
}

const maxKeys = 3;

function Keys({ event: { keys, entryCount } }: { event: Event }) {
  const more = (entryCount ?? keys.length) - Math.min(keys.length, maxKeys);
  return (
    <>
      {keys.slice(0, maxKeys).map(({ card, key }, i) => (
        <span key={i}>
          {i > 0 && ', '}
          <span className={styles.name}>
            <KeyName card={card} name={key} />
          </span>
        </span>
      ))}
      {more > 0 && <> and {more} more</>}
    </>
  );
}

function Name({ text }: { text: string | null | undefined }) {
  return (
    <span className={styles.name}>
      <Text text={text ?? ''} />
    </span>
  );
}
