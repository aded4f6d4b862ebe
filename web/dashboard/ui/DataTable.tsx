import { type ColumnDef, type RowData, tableFeatures, useTable } from '@tanstack/react-table';
import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, type ReactNode, useEffect, useMemo, useRef } from 'react';

import styles from './DataTable.module.css';
import { Icon } from './Icon';
import { useNarrow } from './narrow';

const features = tableFeatures({});

export interface Column<Row> {
  id: string;
  /** The text of the heading. `heading` may show it in another form. */
  text: string;
  heading?: ReactNode;
  /** The width in pixels. Columns share the rest of a wide table in proportion. */
  width: number;
  align?: 'start' | 'end';
  sortable?: boolean;
  cell(row: Row): ReactNode;
}

export interface Sort {
  id: string;
  direction: 'asc' | 'desc';
}

interface DataTableProps<Row> {
  /** The name of the table for screen readers. */
  label: string;
  /** The first column stays in view. */
  columns: Column<Row>[];
  rows: Row[];
  idOf(row: Row): string;
  /** The height of a row in pixels. */
  rowHeight?: number;
  sort?: Sort;
  onSort?(sort: Sort): void;
  /** The number of all rows, of which more are loaded at the end of the list. */
  totalCount?: number;
  hasMore?: boolean;
  onMore?(): void;
}

/** A table of any length. Only the rows in view are in the page, and the list loads on at its end. */
export function DataTable<Row extends RowData>(props: DataTableProps<Row>) {
  const { label, rows, idOf, rowHeight = 52, totalCount, hasMore = false, onMore } = props;
  const isNarrow = useNarrow();
  const columns = useMemo(() => (isNarrow ? narrowed(props.columns) : props.columns), [isNarrow, props.columns]);
  const frame = useRef<HTMLDivElement>(null);
  const definitions = useMemo<ColumnDef<typeof features, Row>[]>(
    () => columns.map((column) => ({ id: column.id, header: column.text, cell: ({ row }) => column.cell(row.original), meta: column })),
    [columns],
  );
  const table = useTable({ features, columns: definitions, data: rows, getRowId: idOf });
  const modelRows = table.getRowModel().rows;
  const virtualizer = useVirtualizer({
    count: modelRows.length,
    getScrollElement: () => frame.current,
    estimateSize: () => rowHeight,
    getItemKey: (index) => modelRows[index].id,
    overscan: 8,
  });
  const items = virtualizer.getVirtualItems();
  const last = items.at(-1)?.index ?? -1;
  useEffect(() => {
    if (hasMore && last >= rows.length - 10) onMore?.();
  }, [hasMore, last, rows.length, onMore]);

  const before = items[0]?.start ?? 0;
  const after = virtualizer.getTotalSize() - (items.at(-1)?.end ?? 0);
  const width = columns.reduce((sum, column) => sum + column.width, 0);
  return (
    <div ref={frame} className={styles.frame} tabIndex={0} role="group" aria-label={`${label}, scrollable`} onKeyDown={moveBetweenRows}>
      <table className={styles.table} aria-label={label} aria-rowcount={(totalCount ?? rows.length) + 1} style={{ minWidth: width }}>
        <colgroup>
          {columns.map((column) => (
            <col key={column.id} style={{ width: `${(column.width / width) * 100}%` }} />
          ))}
        </colgroup>
        <thead>
          <tr aria-rowindex={1}>
            {columns.map((column) => (
              <Heading key={column.id} column={column} sort={props.sort} onSort={props.onSort} />
            ))}
          </tr>
        </thead>
        <tbody>
          {before > 0 && <Gap height={before} />}
          {items.map(({ index, key }) => (
            <tr key={key} aria-rowindex={index + 2} className={styles.row} style={{ height: rowHeight }}>
              {modelRows[index].getAllCells().map((cell, i) => {
                const align = columns[i].align === 'end' ? styles.end : '';
                const content = <table.FlexRender cell={cell} />;
                return i === 0 ? (
                  <th key={cell.id} scope="row" className={`${styles.cell} ${styles.first}`}>
                    {content}
                  </th>
                ) : (
                  <td key={cell.id} className={`${styles.cell} ${align}`}>
                    {content}
                  </td>
                );
              })}
            </tr>
          ))}
          {after > 0 && <Gap height={after} />}
        </tbody>
      </table>
    </div>
  );
}

/** The width of the first column on a phone, where it must leave space for others. */
const narrowFirst = 140;

function narrowed<Row>(columns: Column<Row>[]): Column<Row>[] {
  const [first, ...rest] = columns;
  return rest.length === 0 ? columns : [{ ...first, width: Math.min(first.width, narrowFirst) }, ...rest];
}

/** The space of rows that are not in the page. */
function Gap({ height }: { height: number }) {
  return (
    <tr aria-hidden="true">
      <td style={{ height, padding: 0 }} />
    </tr>
  );
}

interface HeadingProps<Row> {
  column: Column<Row>;
  sort?: Sort;
  onSort?(sort: Sort): void;
}

function Heading<Row>({ column, sort, onSort }: HeadingProps<Row>) {
  const direction = sort?.id === column.id ? sort.direction : undefined;
  const content = column.heading ?? column.text;
  return (
    <th
      scope="col"
      className={`${styles.heading} ${column.align === 'end' ? styles.end : ''}`}
      aria-sort={direction && (direction === 'asc' ? 'ascending' : 'descending')}
    >
      {column.sortable && onSort ? (
        <button
          type="button"
          className={styles.sort}
          title={`Sort by ${column.text}`}
          // A first press shows the greatest values, because a person looks for the best or the newest.
          onClick={() => onSort({ id: column.id, direction: direction === 'desc' ? 'asc' : 'desc' })}
        >
          <span className={styles.headingText}>{content}</span>
          <span className={direction ? styles.sorted : styles.unsorted}>
            <Icon name={direction === 'asc' ? 'sortedUp' : 'sortedDown'} size={13} />
          </span>
        </button>
      ) : (
        <span className={styles.headingText}>{content}</span>
      )}
    </th>
  );
}

/** Moves the focus to the first link of the next or the previous row. */
function moveBetweenRows(event: KeyboardEvent) {
  if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
  const row = (event.target as HTMLElement).closest('tbody tr');
  const next = event.key === 'ArrowDown' ? row?.nextElementSibling : row?.previousElementSibling;
  const link = next?.querySelector<HTMLElement>('a, button');
  if (!link) return;
  event.preventDefault();
  link.focus();
}
