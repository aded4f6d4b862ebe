import { shortNumber } from './display';
import styles from './HeatMap.module.css';

const maxLabelled = 12;
/** The share of the colour in per cent, with which text still has enough contrast. */
const maxStrength = 50;

/** Shows a matrix of numbers. The strength of the colour shows a number's place between the least and the greatest. */
export function HeatMap({ rows }: { rows: string[][] }) {
  const numbers = rows.flat().map(Number).filter(Number.isFinite);
  const min = Math.min(...numbers);
  const range = Math.max(...numbers) - min || 1;
  const labelled = rows[0].length <= maxLabelled;
  return (
    <div
      className={styles.frame}
      tabIndex={0}
      role="group"
      aria-label={`Matrix of ${rows.length} by ${rows[0].length}`}
    >
      <table className={labelled ? styles.matrix : styles.small}>
        <tbody>
          {rows.map((row, i) => (
            <tr key={i}>
              {row.map((cell, j) => {
                const strength = (Number(cell) - min) / range;
                return (
                  <td
                    key={j}
                    title={`row ${i}, column ${j}: ${cell}`}
                    style={{ '--strength': `${Math.round((strength || 0) * maxStrength)}%` } as object}
                  >
                    {labelled && shortNumber(cell)}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
