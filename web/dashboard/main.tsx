import './app/trusted';
import './ui/fonts.css';
import './ui/tokens.css';
import './ui/base.css';

import { createRoot } from 'react-dom/client';
import { RouterProvider } from '@tanstack/react-router';

import { applyTheme } from './app/theme';
import { SessionProvider } from './api/session';
import { router } from './app/routes';

applyTheme();
createRoot(document.getElementById('dashboard')!).render(
  <SessionProvider>
    <RouterProvider router={router} />
  </SessionProvider>,
);
