import { displayOf, shortNumber } from './display';
import type { TableShape } from './shapes';
import { Text } from './Text';
import styles from './ValueTable.module.css';

const maxRows = 200;

/** Shows a list of dictionaries as a table. */
export function ValueTable({ table: { columns, rows } }: { table: TableShape }) {
  return (
    <div className={styles.frame} tabIndex={0} role="group" aria-label={`Table of ${rows.length} rows`}>
      <table className={styles.table}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column} scope="col">
                <Text text={column} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, maxRows).map((row, i) => (
            <tr key={i}>
              {row.map((cell, j) => (
                <td key={j} title={cell && displayOf(cell)}>
                  {cell && (
                    <Text
                      text={
                        'number' in cell && cell.kind !== 'STORAGE_SIZE' && cell.kind !== 'DURATION'
                          ? shortNumber(cell.number)
                          : displayOf(cell)
                      }
                    />
                  )}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > maxRows && <p className={styles.more}>and {rows.length - maxRows} more rows</p>}
    </div>
  );
}
