import { Client, fetchExchange } from '@urql/core';
import { cacheExchange, type KeyingConfig, type ResolverConfig } from '@urql/exchange-graphcache';
import { relayPagination } from '@urql/exchange-graphcache/extras';
import { embeddedTypes, lists, possibleTypes } from '../placard/placard';

export const keys: KeyingConfig = {
  ...Object.fromEntries(embeddedTypes.map((type) => [type, () => null])),
  ArtifactVersion: ({ id, distance }) => (distance == null ? (id as string) : null),
};

/** Lists that grow by a page at a time. Leave them out where a page replaces the one before. */
export const resolvers: ResolverConfig = Object.fromEntries(
  Object.entries(lists).map(([type, fields]) => [
    type,
    Object.fromEntries(Object.keys(fields).map((field) => [field, relayPagination()])),
  ]),
);

export const createClient = (url: string, fetch = globalThis.fetch) =>
  new Client({
    url,
    fetch,
    preferGetMethod: false,
    exchanges: [cacheExchange({ keys, resolvers, possibleTypes }), fetchExchange],
  });
