import { type ReactNode } from 'react';
import { Button as AriaButton, type ButtonProps as AriaButtonProps } from 'react-aria-components/Button';

import styles from './Button.module.css';
import { Icon, type IconName } from './Icon';
import { Tooltip } from './Tooltip';

interface ButtonProps extends Omit<AriaButtonProps, 'className' | 'style' | 'children'> {
  /** `primary` is for the one main action of a view, `plain` has no frame. */
  look?: 'primary' | 'framed' | 'plain' | 'danger';
  icon?: IconName;
  /** The icon after the text, such as that of a menu. */
  iconAfter?: IconName;
  children?: ReactNode;
}

/** A button with a text. */
export function Button({ look = 'framed', icon, iconAfter, children, ...props }: ButtonProps) {
  return (
    <AriaButton {...props} className={`${styles.button} ${styles[look]}`}>
      {icon && <Icon name={icon} />}
      {children !== undefined && <span className={styles.text}>{children}</span>}
      {iconAfter && <Icon name={iconAfter} size={14} />}
    </AriaButton>
  );
}

interface IconButtonProps extends Omit<AriaButtonProps, 'className' | 'style' | 'children' | 'aria-label'> {
  icon: IconName;
  /** The name of the button, which a tooltip shows. */
  label: string;
  look?: 'framed' | 'plain';
}

/** A button with an icon only. */
export function IconButton({ icon, label, look = 'plain', ...props }: IconButtonProps) {
  return (
    <Tooltip text={label}>
      <AriaButton {...props} aria-label={label} className={`${styles.button} ${styles.square} ${styles[look]}`}>
        <Icon name={icon} />
      </AriaButton>
    </Tooltip>
  );
}
