"""Images to crops: folders, the packed store, MATLAB's bicubic, aligned random crops."""
